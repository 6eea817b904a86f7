import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { encodeModelBytes } from '../../../../../main/engine/onnx/encode-model.ts';
import type { QuantizeOutcome } from '../../../../../main/engine/quantize/outcome.ts';
import { quantizeStatic } from '../../../../../main/engine/quantize/quantize-static.ts';
import { clockConversions } from '../../../../../main/engine/quantize/speed/clock-conversions.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { Int8StaticStep } from '../../../../../main/contract/recipe/quantize-static.ts';
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

it('conversions take longer the larger the tensor is', async () => {
  const clock = await clockConversions(1 << 19, runner, 1, quietContext());
  for (const ms of [clock.quantizeMs, clock.dequantizeMs]) {
    expect(ms(256)).toBeGreaterThan(0);
    expect(ms(1 << 19)).toBeGreaterThan(ms(256));
  }
});
