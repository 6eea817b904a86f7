import { describe, expect, it } from 'vitest';
import {
  classAccuracies,
  confusedPairs,
  confusionOf,
  describeCell,
  moveInMatrix,
} from '../../../../../renderer/widgets/accuracy/confusion.ts';
import { cellAt, matrixGeometry } from '../../../../../renderer/widgets/accuracy/draw-confusion.ts';

/** Ten of a, four of b, none of c. */
const CONFUSION = confusionOf(
  [
    [7, 2, 1],
    [2, 2, 0],
    [0, 0, 0],
  ],
  ['a', 'b'],
);

describe('a confusion matrix', () => {
  it('names classes that the data do not', () => {
    expect(CONFUSION.names).toEqual(['a', 'b', 'class 2']);
  });

  it('tells accuracy and precision of each class, and none where there is nothing to divide by', () => {
    expect(
      classAccuracies(CONFUSION).map(({ accuracy, precision, samples }) => [accuracy, precision, samples]),
    ).toEqual([
      [0.7, 7 / 9, 10],
      [0.5, 0.5, 4],
      [null, 0, 0],
    ]);
  });

  it('lists the mistaken pairs by count, then by their share of the class', () => {
    expect(confusedPairs(CONFUSION)).toEqual([
      { truth: 1, prediction: 0, count: 2, share: 0.5 },
      { truth: 0, prediction: 1, count: 2, share: 0.2 },
      { truth: 0, prediction: 2, count: 1, share: 0.1 },
    ]);
  });

  it('says a cell in words', () => {
    expect(describeCell(CONFUSION, { truth: 1, prediction: 0 })).toMatch(/^b taken for a: 2 of 4 samples of b, 50/u);
    expect(describeCell(CONFUSION, { truth: 0, prediction: 0 })).toMatch(/^a recognized: 7 of 10/u);
    expect(describeCell(CONFUSION, { truth: 2, prediction: 0 })).toBe('class 2: no samples of this class');
  });

  it('moves by keys and stays inside', () => {
    expect(moveInMatrix({ truth: 1, prediction: 1 }, 'ArrowDown', 3)).toEqual({ truth: 2, prediction: 1 });
    expect(moveInMatrix({ truth: 2, prediction: 1 }, 'ArrowDown', 3)).toEqual({ truth: 2, prediction: 1 });
    expect(moveInMatrix({ truth: 2, prediction: 1 }, 'End', 3)).toEqual({ truth: 2, prediction: 2 });
    expect(moveInMatrix({ truth: 2, prediction: 1 }, 'Enter', 3)).toBeNull();
  });

  it('finds the cell under the pointer that is drawn there', () => {
    const names = Array.from({ length: 36 }, (_, index) => String.fromCodePoint(65 + (index % 26)));
    const geometry = matrixGeometry(600, names);
    expect(geometry.width).toBeLessThanOrEqual(600);
    const { left, top, cell } = geometry;
    expect(cellAt(geometry, 36, left + 3.5 * cell, top + 35.5 * cell)).toEqual({ truth: 35, prediction: 3 });
    expect(cellAt(geometry, 36, left - 1, top + 1)).toBeNull();
    expect(cellAt(geometry, 36, left + 1, top + 36.5 * cell)).toBeNull();
  });
});
