import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { equalizeStepSchema } from '../../../../main/contract/recipe/equalize.ts';
import { equalizeModel } from '../../../../main/engine/equalize/equalize-model.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { expectEqual } from '../passes/expect-equal.ts';
import { sampleTransformer, signalToNoise } from './sample-transformer.ts';
import { randomBatches, randomFeed } from '../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const values = (model: Model, name: string): number[] =>
  Array.from(tensorValues(indexGraph(model.graph).initializer(name)!) as Float32Array);

function shift(model: Model) {
  const settings = equalizeStepSchema.parse({ method: 'smooth', shift: true });
  return equalizeModel(model, { settings, calibration: () => randomBatches([8, 4, 2], 4), runner }, quietContext());
}

/** Two features normalise to ±1: with γ = 1 and β = 10 and −20 they lie in [9, 11] and [−21, −19]. */
const apart = (also: 'nothing' | 'another reader'): Model => {
  const b = graph()
    .input('x', 'float32', ['N', 4, 2])
    .initializer('gamma', 'float32', [2], [1, 1])
    .initializer('beta', 'float32', [2], [10, -20])
    .initializer('w', 'float32', [2, 2], [1, 1, 0.5, -1])
    .initializer('bias', 'float32', [2], [0, 3])
    .node('LayerNormalization', ['x', 'gamma', 'beta'], { axis: -1n }, ['n'], { name: 'norm' })
    .node('MatMul', ['n', 'w'], {}, ['p'], { name: 'product' })
    .node('Add', ['p', 'bias'], {}, ['y'], { name: 'add' });
  if (also === 'another reader') b.node('Relu', ['n'], {}, ['z'], { name: 'relu' }).output('z');
  return b.output('y').build();
};

it('moves the middle of each channel from β into the bias behind: W·c', async () => {
  const model = apart('nothing');
  const { model: after, outcome } = await shift(model);
  expect(values(after, 'beta')).toEqual([0, 0].map((value) => expect.closeTo(value, 2)));
  // 10·1 − 20·0.5 = 0, and 10·1 + 20·1 = 30 more than 3.
  expect(values(after, 'bias')).toEqual([0, 33].map((value) => expect.closeTo(value, 2)));
  expect(outcome.notes).toContain('The middle of 2 channels behind 1 normalizations was moved into biases.');
  await expectEqual(runner, model, after, randomFeed([3, 4, 2], 9));
});

it('leaves a normalization alone that something else reads as well', async () => {
  const { model: after } = await shift(apart('another reader'));
  expect(values(after, 'beta')).toEqual([10, -20]);
});

it('brings a transformer back whose channels lie far apart', { timeout: 240_000 }, async () => {
  const plain = await sampleTransformer();
  const model = pulledApart(plain, 60);
  const sqnr = await signalToNoise(runner, model, 128);
  const quantize = { quantize: { types: 'u8u8', samples: 64 } };
  const rough = await sqnr([quantize]);
  const scaled = await sqnr([{ equalize: { method: 'smooth' } }, quantize]);
  const shifted = await sqnr([{ equalize: { method: 'smooth', shift: true } }, quantize]);
  expect(rough).toBeLessThan(20);
  expect(shifted).toBeGreaterThan(Math.max(rough, scaled) + 5);
});

/** Two features of each normalization are moved up and down by a number, and what that gives behind is taken from biases. */
function pulledApart(model: Model, by: number): Model {
  const index = indexGraph(model.graph);
  const tensors = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const moved = (feature: number): number => (feature === 5 ? by : feature === 40 ? -by : 0);
  const add = (name: string, termAt: (at: number) => number): void => {
    const tensor = tensors.get(name)!;
    const changed = (tensorValues(tensor) as Float32Array).map((value, at) => value + termAt(at));
    tensors.set(name, makeTensor(name, 'float32', tensor.dims, changed));
  };
  for (const norm of model.graph.nodes.filter(({ opType }) => opType === 'LayerNormalization')) {
    const users = index.consumers(norm.outputs[0]!).filter(({ opType }) => opType !== 'Shape');
    const biases = users.map(({ outputs }) => index.consumers(outputs[0]!)[0]!);
    if (users.length === 0 || !users.every(({ opType }) => opType === 'MatMul')) continue;
    if (!biases.every(({ opType }) => opType === 'Add')) continue;
    add(norm.inputs[2]!, moved);
    for (const [at, { inputs }] of users.entries()) {
      const weights = tensorValues(tensors.get(inputs[1]!)!) as Float32Array;
      const [rows, columns] = tensors.get(inputs[1]!)!.dims as [number, number];
      const bias = biases[at]!.inputs.find((name) => tensors.has(name))!;
      add(
        bias,
        (m) => -Array.from({ length: rows }, (_, k) => moved(k) * weights[k * columns + m]!).reduce((a, b) => a + b, 0),
      );
    }
  }
  return { ...model, graph: { ...model.graph, initializers: [...tensors.values()] } };
}
