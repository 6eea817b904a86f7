import { describe, expect, it } from 'vitest';
import { wilson } from '../../../../main/judge/statistics/binomial.ts';

describe('wilson', () => {
  it('gives the textbook interval of 8 successes in 10', () => {
    const { value, low, high } = wilson(8, 10);
    expect(value).toBe(0.8);
    expect(low).toBeCloseTo(0.4902, 4);
    expect(high).toBeCloseTo(0.9433, 4);
  });

  it('stays within 0 and 1 when all succeed', () => {
    const { low, high } = wilson(10, 10);
    expect(low).toBeCloseTo(0.7225, 4);
    expect(high).toBe(1);
  });
});
