import { expect, it } from 'vitest';
import { outlineRows, outlineTree, searchRows, shortName } from '../../../../../renderer/tasks/graph/outline-model.ts';
import { layerCase } from '../../state/layer-cases.ts';

const LAYERS = [
  layerCase({ name: '/block/a/Conv', op: 'Conv', scope: 'block/a' }),
  layerCase({ name: '/block/b/Relu', op: 'Relu', scope: 'block/b' }),
  layerCase({ name: '/fc/Gemm', op: 'Gemm', scope: 'fc' }),
];

it('lists groups folded, and their layers when they are open', () => {
  const tree = outlineTree(LAYERS);
  expect(outlineRows(tree, new Set()).map((row) => row.title)).toEqual(['block', '/fc/Gemm']);
  const open = outlineRows(tree, new Set(['block']));
  expect(open.map((row) => [row.title, row.depth])).toEqual([
    ['block', 0],
    ['a/Conv', 1],
    ['b/Relu', 1],
    ['/fc/Gemm', 0],
  ]);
});

it('lists what a search finds under full names', () => {
  expect(searchRows(LAYERS, ({ op }) => op === 'Relu').map((row) => row.title)).toEqual(['/block/b/Relu']);
});

it('shortens names by what their group says', () => {
  expect(shortName('/layer1/0/conv1/Conv', 'layer1/0')).toBe('conv1/Conv');
  expect(shortName('/layer10/conv', 'layer1')).toBe('/layer10/conv');
});
