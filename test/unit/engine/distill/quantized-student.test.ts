import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { distillStepSchema } from '../../../../main/contract/recipe/distill.ts';
import { distillModel } from '../../../../main/engine/distill/distill-model.ts';
import { quantizedStudent } from '../../../../main/engine/distill/quantized-student.ts';
import { NOBODY } from '../../../../main/engine/distill/training-host.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { mapTensors } from '../../../../main/engine/graph/tensors.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { sourceOfModel } from '../../../../main/engine/runtime/model-source.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const SHAPE = [6, 4] as const;
const float = (): Model =>
  graph()
    .input('x', 'float32', ['N', 4])
    .gemm({ name: 'one', inputs: 4, outputs: 6, bias: false, to: 'h' })
    .relu({ to: 'a' })
    .gemm({ name: 'head', inputs: 6, outputs: 3, to: 'y' })
    .output()
    .build();

const values = (model: Model, name: string): number[] =>
  Array.from<number | bigint, number>(tensorValues(indexGraph(model.graph).initializer(name)!), Number);

/** The same with the first weights in codes of two bits, −2 … 1, a scale for each output. */
const coded = (): Model => {
  const model = float();
  const weights = values(model, 'one.weight');
  const scales = Array.from({ length: 6 }, (_, m) => Math.max(...weights.slice(4 * m, 4 * m + 4).map(Math.abs)) / 2);
  const codes = weights.map((weight, at) => Math.max(-2, Math.min(1, Math.round(weight / scales[at >> 2]!))));
  return graph()
    .input('x', 'float32', ['N', 4])
    .initializer('codes', 'int8', SHAPE, codes)
    .initializer('scale', 'float32', [6], scales)
    .node('DequantizeLinear', ['codes', 'scale'], { axis: 0n }, ['w'], { name: 'w/dq' })
    .node('Gemm', ['x', 'w'], { transB: 1n }, ['h'], { name: 'one' })
    .relu({ to: 'a', from: 'h' })
    .gemm({ name: 'head', inputs: 6, outputs: 3, to: 'y', weight: values(model, 'head.weight') })
    .output()
    .build();
};

const samples = (count: number): HostTensors => {
  const random = seededRandom(7);
  return { x: { dtype: 'float32', dims: [count, 4], data: Float32Array.from({ length: 4 * count }, () => 2 * random() - 1) } };
}; // prettier-ignore

const outputs = async (model: Model): Promise<number[]> => {
  const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: 1 });
  return [...((await session.run(samples(5)))['y']!.data as Float32Array)];
};

describe('a quantized model as it is trained', () => {
  it('computes what its codes do, and is written back as them', async () => {
    const model = coded();
    const student = quantizedStudent(model)!;
    expect(await outputs(student.model)).toEqual(await outputs(model));
    expect(student.parameters).toEqual(['codes/trained', 'scale/factors']);
    const back = student.write(student.model);
    expect(values(back, 'codes')).toEqual(values(model, 'codes'));
    expect(values(back, 'scale')).toEqual(values(model, 'scale'));
  });

  it('begins where the weights were, as far as they are rounded to the codes', async () => {
    const model = coded();
    const student = quantizedStudent(model, float())!;
    expect(await outputs(student.model)).toEqual(await outputs(model));
    const [begun, weights, codes, scales] = [
      values(student.model, 'codes/trained'),
      values(float(), 'one.weight'),
      values(model, 'codes'),
      values(model, 'scale'),
    ];
    const steps = weights.map((weight, at) => weight / scales[at >> 2]!);
    // All lie in the cells of their codes but those above 1.5 steps, which are cut to 1.
    for (const [at, value] of begun.entries()) {
      expect(value / scales[at >> 2]!).toBeCloseTo(
        Math.min(1, Math.max(codes[at]! - 0.49, Math.min(codes[at]! + 0.49, steps[at]!))),
        5,
      );
    }
    expect(begun).not.toEqual(values(quantizedStudent(model)!.model, 'codes/trained'));
  });

  it('keeps to the range that its codes had, whatever was learnt, in training as in the codes', async () => {
    const model = coded();
    const student = quantizedStudent(model)!;
    const pulled = mapTensors(student.model, (tensor) =>
      tensor.name === 'codes/trained' ? makeTensor(tensor.name, 'float32', SHAPE, Float32Array.from({ length: 24 }, (_, at) => (at % 2 === 0 ? 9 : -9))) : tensor,
    ); // prettier-ignore
    const codes = values(student.write(pulled), 'codes');
    expect(Math.min(...codes)).toBe(-2);
    expect(Math.max(...codes)).toBe(1);
    expect(await outputs(pulled)).toEqual(await outputs(student.write(pulled)));
  });

  it('is undefined for floats alone', () => {
    expect(quantizedStudent(float())).toBeUndefined();
  });

  it('is trained to the end, though its loss goes up and down while the rate is high', async () => {
    const steps = async (student: Model): Promise<number> => {
      const calibration = async function* (): AsyncGenerator<HostTensors> {
        yield samples(80);
      };
      const settings = distillStepSchema.parse({ match: 'features', iterations: 40, batch: 16, rate: 1 });
      const input = { settings, teacher: float(), lineage: undefined, calibration, labels: () => null, runner, host: NOBODY }; // prettier-ignore
      return (await distillModel(student, input, quietContext())).outcome.training.step;
    };
    // The float model is at its best before it is trained; at this rate it never comes back.
    expect(await steps(float())).toBeLessThan(40);
    expect(await steps(coded())).toBe(40);
  });

  it('comes nearer to its original when it is distilled, still in codes', async () => {
    const student = coded();
    const calibration = async function* (): AsyncGenerator<HostTensors> {
      yield samples(80);
    };
    const settings = distillStepSchema.parse({
      preset: 'low-bit',
      match: 'features',
      iterations: 200,
      batch: 16,
      rate: 0.01,
    });
    const input = {
      settings,
      teacher: float(),
      lineage: undefined,
      calibration,
      labels: () => null,
      runner,
      host: NOBODY,
    };
    const { model, outcome } = await distillModel(student, input, quietContext());
    const { heldOut, best } = outcome.training;
    expect(heldOut.find(({ step }) => step === best)!.loss).toBeLessThan(0.9 * heldOut[0]!.loss);
    const codes = values(model, 'codes');
    expect(codes.every((code) => Number.isInteger(code) && code >= -2 && code <= 1)).toBe(true);
    expect(values(model, 'scale')).not.toEqual(values(student, 'scale'));
  });
});
