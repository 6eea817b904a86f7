import { expect, it } from 'vitest';
import { crossEntropy } from '../../../../main/engine/autograd/loss.ts';
import { trainableParameters } from '../../../../main/engine/autograd/parameters.ts';
import { trainingGraph } from '../../../../main/engine/autograd/training-graph.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';

const rows = (count: number, length: number, value: (row: number, column: number) => number): number[] =>
  Array.from({ length: count * length }, (_, at) => value(Math.floor(at / length), at % length));

/** Patches of an image as tokens, a class token before them, their positions added. */
const tokens = (): GraphBuilder =>
  graph()
    .input('x', 'float32', ['N', 3, 8])
    .initializer(
      'mean',
      'float32',
      [8],
      rows(1, 8, (_, k) => 0.1 * k + 0.05),
    )
    .node('Sub', ['x', 'mean'], {}, ['centred'])
    .weights('matrix', [8, 4])
    .node('MatMul', ['centred', 'matrix'], {}, ['patches'])
    .initializer('token', 'float32', [1, 1, 4], [0.1, 0.2, 0.3, 0.4])
    .initializer('one', 'int64', [3], [1n, 1n, 1n])
    .node('Expand', ['token', 'one'], {}, ['expanded'])
    .node('Concat', ['expanded', 'patches'], { axis: 1n }, ['joined']);

it('trains tokens that are put beside patches, and positions that are added, but no statistics of the data', () => {
  const model = tokens()
    .initializer(
      'positions',
      'float32',
      [1, 4, 4],
      rows(4, 4, (row, k) => 0.1 * (row - k) + 0.01),
    )
    .node('Add', ['joined', 'positions'], {}, ['placed'])
    .initializer('factors', 'float32', [4], [0.5, 0.25, 0.5, 0.75])
    .node('Mul', ['placed', 'factors'], {}, ['y'])
    .output()
    .build();
  expect(trainableParameters(model).toSorted()).toEqual(['factors', 'matrix', 'positions', 'token']);
});

it('leaves alone what was never learnt: sines of positions, rotations, masks, grids and strides', () => {
  // cos² + sin² of each of two frequencies: rows of 2 in squares, of 4 elements.
  const wave = (row: number, k: number): number => (k % 2 === 0 ? Math.sin : Math.cos)(row / (k < 2 ? 1 : 100));
  const model = tokens()
    .initializer('sines', 'float32', [1, 4, 4], rows(4, 4, wave))
    .node('Add', ['joined', 'sines'], {}, ['placed'])
    .initializer(
      'rotation',
      'float32',
      [4, 4],
      rows(4, 4, (row, k) => Math.cos(row * k + 0.3)),
    )
    .node('Mul', ['placed', 'rotation'], {}, ['rotated'])
    .initializer('mask', 'float32', [4, 1], [0, 0, 0, -10_000])
    .node('Add', ['rotated', 'mask'], {}, ['masked'])
    .initializer('grid', 'float32', [4, 1], [0, 1, 2, 3])
    .node('Add', ['masked', 'grid'], {}, ['moved'])
    .initializer('strides', 'float32', [4, 1], [8, 8, 16, 32])
    .node('Mul', ['moved', 'strides'], {}, ['scaled'])
    .initializer('exponents', 'float32', [4], [1.5, 2.5, 1.5, 2.5])
    .node('Pow', ['scaled', 'exponents'], {}, ['y'])
    .output()
    .build();
  expect(trainableParameters(model).toSorted()).toEqual(['matrix', 'token']);
});

it('has a gradient for a token that is repeated for each sample', () => {
  const model = tokens()
    .initializer('first', 'int64', [1], [0n])
    .node('Gather', ['joined', 'first'], { axis: 1n }, ['row'])
    .initializer('flat', 'int64', [2], [-1n, 4n])
    .node('Reshape', ['row', 'flat'], {}, ['logits'])
    .output('logits')
    .build();
  const { parameters } = trainingGraph({
    model,
    losses: [crossEntropy({ logits: 'logits', labels: 'labels' })],
    optimizer: { kind: 'sgd', momentum: 0 },
  });
  expect(parameters.map(({ name }) => name)).toContain('token');
});
