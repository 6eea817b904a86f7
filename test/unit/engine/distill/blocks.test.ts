import { expect, it } from 'vitest';
import { blocksOf } from '../../../../main/engine/distill/blocks.ts';
import type { Match } from '../../../../main/engine/distill/match.ts';
import { graph } from '../../../support/graph-builder.ts';

const network = graph()
  .input('x', 'float32', ['N', 4])
  .gemm({ name: 'one', inputs: 4, outputs: 8, to: 'h' })
  .relu({ to: 'a' })
  .gemm({ name: 'two', inputs: 8, outputs: 8, to: 'g' })
  .addTo('a', { to: 'b' })
  .relu({ to: 'c' })
  .gemm({ name: 'head', inputs: 8, outputs: 3, to: 'y' })
  .output()
  .build();

const at = (student: string, more: Partial<Match> = {}): Match => {
  return { kind: 'values', student, teacher: student, dims: [2, 8], targetDims: [2, 8], axis: 1, share: 0.2, ...more };
};
const ALL = ['one.weight', 'one.bias', 'two.weight', 'two.bias', 'head.weight', 'head.bias'];

it('gives each block what its end depends on and no end before it does', () => {
  const blocks = blocksOf(network.graph, [at('a'), at('b'), at('c')], ALL);
  expect(blocks.map(({ match, parameters }) => [match.student, match.share, ...parameters])).toEqual([
    ['a', 1, 'one.weight', 'one.bias'],
    ['b', 1, 'two.weight', 'two.bias'],
  ]);
});

it('leaves out ends that are compared otherwise, or through a matrix', () => {
  const matches = [at('a', { adaptor: Float32Array.of(1) }), at('b'), at('y', { kind: 'outputs' })];
  expect(blocksOf(network.graph, matches, ALL).map(({ parameters }) => parameters)).toEqual([ALL.slice(0, 4)]);
});
