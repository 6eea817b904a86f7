import { describe, expect, it } from 'vitest';
import { meetsBudget } from '../../../../../renderer/tasks/tradeoff/budget.ts';

describe('meetsBudget', () => {
  it('asks for every limit that is set', () => {
    const point = { cost: 5, benefit: 0.9 };
    expect(meetsBudget(point, { cost: null, benefit: null })).toBe(true);
    expect(meetsBudget(point, { cost: 5, benefit: 0.9 })).toBe(true);
    expect(meetsBudget(point, { cost: 4.9, benefit: null })).toBe(false);
    expect(meetsBudget(point, { cost: null, benefit: 0.95 })).toBe(false);
  });
});
