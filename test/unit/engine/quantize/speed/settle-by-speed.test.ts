import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { openDataset } from '../../../../../main/engine/dataset/open-dataset.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import { encodeModelBytes } from '../../../../../main/engine/onnx/encode-model.ts';
import { openModel } from '../../../../../main/engine/onnx/open.ts';
import type { QuantizeOutcome } from '../../../../../main/engine/quantize/outcome.ts';
import { quantizeStatic } from '../../../../../main/engine/quantize/quantize-static.ts';
import { clockConversions } from '../../../../../main/engine/quantize/speed/clock-conversions.ts';
import { inputPorts } from '../../../../../main/engine/runtime/input-dims.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { Int8StaticStep } from '../../../../../main/contract/recipe/quantize-static.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { quantizeStep, randomBatches } from '../oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const DIMS = [1, 3, 16, 16];
const model = graph()
  .input('x', 'float32', ['N', 3, 16, 16])
  .conv({ name: 'c1', channels: 16 })
  .relu({ name: 'r1' })
  .conv({ name: 'c2', channels: 16, inputs: 16, to: 'inner' })
  .node('Tanh', ['inner'], {}, ['t'], { name: 'tanh' })
  .conv({ name: 'c3', from: 't', channels: 16, inputs: 16, to: 'y' })
  .output('y', 'float32', ['N', 16, 16, 16])
  .build({ opset: 17 });

async function quantize(
  step: Partial<Int8StaticStep>,
): Promise<{ outcome: QuantizeOutcome; slow: readonly string[] | undefined }> {
  const calibration = () => randomBatches(DIMS, 4);
  const input = { step: quantizeStep(step), calibration, runner, vnni: true };
  const outcome = await quantizeStatic(model, input, quietContext());
  return { outcome, slow: 'slow' in outcome.step ? outcome.step.slow : undefined };
}

describe('layers that are slower in int8', () => {
  it('stay in float as a recipe says, with the reason, and nothing is decided again', async () => {
    const { outcome, slow } = await quantize({ speed: 'measured', slow: ['c3'] });
    expect(outcome.layers.filter(({ quantized }) => quantized).map(({ name }) => name)).toEqual(['c1', 'r1', 'c2']);
    expect(outcome.layers.find(({ name }) => name === 'c3')?.reason).toMatch(/slower in int8/);
    expect(slow).toEqual(['c3']);
    expect(outcome.fusedShare).toBe(1);
  });

  it('are measured, told with their times, and kept in the step, which gives the same bytes then', async () => {
    const { outcome, slow } = await quantize({ speed: 'measured' });
    for (const name of slow!) {
      const layer = outcome.layers.find((each) => each.name === name);
      expect(layer).toMatchObject({ quantized: false, reason: expect.stringMatching(/ms|nothing here/) });
    }
    const { outcome: again } = await quantize({ speed: 'measured', slow: slow! });
    expect(encodeModelBytes(again.model)).toEqual(encodeModelBytes(outcome.model));
  });

  it('change no range of the others: what is left in float decides what the runtime fuses while it calibrates', async () => {
    const { model: cnn } = await openModel(sample('glyph-cnn.onnx'));
    const data = await openDataset(sample('glyphs-validation.npz'), { preprocessing: {} });
    async function* calibration(limit = 128): AsyncGenerator<HostTensors> {
      for await (const { feeds } of data.batches(inputPorts(cnn), 16, { limit })) yield feeds;
    }
    const steps = async (slow: readonly string[]): Promise<ReadonlyMap<string, number>> => {
      const step = quantizeStep({ speed: 'measured', slow: [...slow], samples: 128 });
      const { model: made } = await quantizeStatic(cnn, { step, calibration, runner, vnni: true }, quietContext());
      return stepsOf(made);
    };
    const all = await steps([]);
    const some = await steps(SLOW_OF_CNN);
    expect(some.size).toBeGreaterThan(20);
    expect(some.size).toBeLessThan(all.size);
    expect([...some].filter(([name, step]) => all.has(name) && all.get(name) !== step)).toEqual([]);
  });

  it('are none where all that can shall run in int8', async () => {
    const { outcome, slow } = await quantize({ speed: 'all' });
    expect(slow).toBeUndefined();
    expect(outcome.layers.filter(({ quantized }) => quantized)).toHaveLength(4);
  });

  it('leave the model as it was where they are all', async () => {
    const { outcome } = await quantize({ speed: 'measured', slow: ['c1', 'c2', 'c3'] });
    expect(outcome.model).toBe(model);
    expect(outcome.notes[0]).toMatch(/stays as it was/);
  });
});

const sample = (name: string): string =>
  fileURLToPath(new URL(`../../../../../resources/samples/${name}`, import.meta.url));

const SLOW_OF_CNN = [
  '/stem/conv/Conv',
  ...['downsample/conv/Conv', 'Add'].map((part) => `/stage1/stage1.0/${part}`),
  '/stage1/stage1.1/Add',
  ...['0', '1'].flatMap((block) =>
    ['expand', 'depthwise', 'project'].map((part) => `/stage2/stage2.${block}/${part}/conv/Conv`),
  ),
  '/stage2/stage2.1/Add',
];

/** The step of each tensor that is quantized as a whole. */
function stepsOf({ graph: { initializers } }: Model): ReadonlyMap<string, number> {
  const single = initializers.filter(({ name, dims }) => name.endsWith('_scale') && dims.length === 0);
  return new Map(single.map((tensor) => [tensor.name, Number(tensorValues(tensor)[0])]));
}

it('conversions take longer the larger the tensor is', async () => {
  const clock = await clockConversions(1 << 19, runner, 1, quietContext());
  for (const ms of [clock.quantizeMs, clock.dequantizeMs]) {
    expect(ms(256)).toBeGreaterThan(0);
    expect(ms(1 << 19)).toBeGreaterThan(ms(256));
  }
});
