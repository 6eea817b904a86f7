import { expect, it } from 'vitest';
import { prepareTraining } from '../../../../main/engine/autograd/prepare.ts';
import { expandOperators } from '../../../../main/engine/passes/expand-operators.ts';
import { graph } from '../../../support/graph-builder.ts';

const fused = () =>
  graph()
    .input('x', 'float32', [1, 4])
    .weights('w', [4, 3])
    .node('FusedGemm', ['x', 'w'], { activation: 'Relu' }, ['y'], { name: 'fc', domain: 'com.microsoft' });

it('keeps the names of outputs and weights, and says which layer the new nodes stand for', () => {
  const model = fused()
    .output('y')
    .build({ domains: { 'com.microsoft': 1 } });
  const { model: expanded, sources, notes } = expandOperators(model);
  expect(expanded.graph.nodes.map(({ opType }) => opType)).toEqual(['Gemm', 'Relu', 'Identity']);
  expect(expanded.graph.nodes.at(-1)!.outputs).toEqual(['y']);
  expect(expanded.graph.nodes[0]!.inputs).toEqual(['x', 'w']);
  expect(expanded.graph.nodes.map(({ name }) => sources.get(name))).toEqual([['fc'], ['fc'], ['fc']]);
  expect(notes).toEqual([]);
});

it('leaves what cannot be written so as it is, and says why', () => {
  const model = graph()
    .input('x', 'float32', [1, 2, 4])
    .weights('w', [4, 12])
    .weights('b', [12])
    .node('Attention', ['x', 'w', 'b'], { num_heads: 2n, do_rotary: 1n }, ['y'], { name: 'a', domain: 'com.microsoft' })
    .output('y')
    .build({ domains: { 'com.microsoft': 1 } });
  const { model: kept, notes } = expandOperators(model);
  expect(kept.graph.nodes).toEqual(model.graph.nodes);
  expect(notes).toEqual(['a (Attention) stays as it is: rotation inside of it has no form here.']);
});

it('is part of what a model goes through before it is trained', async () => {
  const model = fused()
    .output('y')
    .build({ opset: 17, domains: { 'com.microsoft': 1 } });
  const runners = { use: () => Promise.reject(new Error('nothing here needs a runner')) };
  const { model: prepared } = await prepareTraining(model, { runners, signal: new AbortController().signal });
  expect(prepared.graph.nodes.some(({ domain }) => domain === 'com.microsoft')).toBe(false);
});

it('hands a model without such operators on unchanged', () => {
  const model = graph().input('x', 'float32', [1, 4]).relu({ to: 'y' }).output('y').build();
  expect(expandOperators(model).model).toBe(model);
});
