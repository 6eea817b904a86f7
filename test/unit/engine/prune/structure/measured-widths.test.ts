import { describe, expect, it } from 'vitest';
import { comparedSamples } from '../../../../../main/engine/prune/structure/measured-widths.ts';

describe('comparedSamples', () => {
  it('is all that are useful where the model is small', () => {
    expect(comparedSamples(100, 41e6)).toBe(128);
    expect(comparedSamples(0, 0)).toBe(128);
  });

  it('bounds the work of all runs together', () => {
    // 120 runs of half of 126 million, 7.56·10⁹ for each sample: 3·10¹¹ are 40 of them.
    expect(comparedSamples(120, 126e6)).toBe(40);
  });

  it('never is so few that chance decides', () => {
    expect(comparedSamples(200, 4e9)).toBe(32);
  });
});
