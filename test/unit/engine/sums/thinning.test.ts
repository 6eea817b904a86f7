import { expect, it } from 'vitest';
import { solvableLayers } from '../../../../main/engine/linear/solvable-layers.ts';
import { thinningOf } from '../../../../main/engine/sums/thinning.ts';
import { graph } from '../../../support/graph-builder.ts';

/** One convolution of 4 channels, 3 × 3: 36 columns, over 9 × `width` positions for each sample. */
function stepsFor(rowsPerColumn: number, width = 9, samples = 4): readonly number[] {
  const model = graph().input('x', 'float32', ['N', 4, 9, width]).conv({ channels: 2 }).output().build();
  const { layers } = solvableLayers(model, { excluded: new Set(), known: () => true });
  return thinningOf(model, { samples, rowsPerColumn })(layers[0]!);
}

it('looks at no fewer positions than are asked for, along one axis after the other', () => {
  // 4 samples of 81 positions are 324: 9 for each column.
  expect(stepsFor(9)).toEqual([1, 1]);
  // Every third along the last axis leaves 4·9·3 = 108: 3 for each column.
  expect(stepsFor(3.1)).toEqual([1, 1]);
  expect(stepsFor(3)).toEqual([1, 3]);
  // Every third along both leaves 36.
  expect(stepsFor(1)).toEqual([3, 3]);
});

it('goes on along the other axis where one is too short', () => {
  // Every seventh of 9 leaves two places, 4·2·2 = 16 positions; every ninth would leave 8.
  expect(stepsFor(16 / 36, 2)).toEqual([7, 1]);
});
