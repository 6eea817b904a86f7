import { expect, it } from 'vitest';
import { differentiate } from '../../../../main/engine/autograd/differentiate.ts';
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
  const { model: expanded, sources, refused } = expandOperators(model);
  expect(expanded.graph.nodes.map(({ opType }) => opType)).toEqual(['Gemm', 'Relu', 'Identity']);
  expect(expanded.graph.nodes.at(-1)!.outputs).toEqual(['y']);
  expect(expanded.graph.nodes[0]!.inputs).toEqual(['x', 'w']);
  expect(expanded.graph.nodes.map(({ name }) => sources.get(name))).toEqual([['fc'], ['fc'], ['fc']]);
  expect(refused.size).toBe(0);
});

const rotating = (rotary: bigint) =>
  graph()
    .input('x', 'float32', [1, 2, 4])
    .weights('w', [4, 12])
    .weights('b', [12])
    .node('Attention', ['x', 'w', 'b'], { num_heads: 2n, do_rotary: rotary }, ['y'], {
      name: 'a',
      domain: 'com.microsoft',
    })
    .node('ReduceSum', ['y'], { keepdims: 0n }, ['loss'])
    .output('loss')
    .build({ domains: { 'com.microsoft': 1 } });

it('leaves what cannot be written so as it is, and says why', () => {
  const model = rotating(1n);
  const { model: kept, refused } = expandOperators(model);
  expect(kept.graph.nodes).toEqual(model.graph.nodes);
  expect([...refused]).toEqual([['a', 'rotation inside of it has no form here']]);
});

it('happens before gradients are written, which name the layer as the model does', () => {
  const { model } = differentiate(rotating(0n), { of: 'loss', by: ['w'] });
  expect(model.graph.nodes.some(({ opType }) => opType === 'Attention')).toBe(false);
  expect(() => differentiate(rotating(1n), { of: 'loss', by: ['w'] })).toThrow(
    /a \(rotation inside of it has no form here\)/u,
  );
});

it('hands a model without such operators on unchanged', () => {
  const model = graph().input('x', 'float32', [1, 4]).relu({ to: 'y' }).output('y').build();
  expect(expandOperators(model).model).toBe(model);
});
