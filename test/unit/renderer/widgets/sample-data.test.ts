import { describe, expect, it } from 'vitest';
import { takesSampleData } from '../../../../renderer/widgets/sample-data.ts';

const input = (shape: readonly (number | string | null)[], dtype = 'float32') => ({ shape: [...shape], dtype });

describe('the sample data', () => {
  it('fit a model with one input of 1024 values for each sample', () => {
    expect(takesSampleData([input(['batch', 1, 32, 32])])).toBe(true);
    expect(takesSampleData([input([1, 32, 32, 1])])).toBe(true);
    expect(takesSampleData([input([null, 1024])])).toBe(true);
  });

  it('do not fit other sizes, tokens, or several inputs', () => {
    expect(takesSampleData([input(['batch', 3, 32, 32])])).toBe(false);
    expect(takesSampleData([input([1, 1024], 'int64')])).toBe(false);
    expect(takesSampleData([input([1, 1, 'height', 'width'])])).toBe(false);
    expect(takesSampleData([input([1, 1024]), input([1, 2])])).toBe(false);
    expect(takesSampleData([])).toBe(false);
  });
});
