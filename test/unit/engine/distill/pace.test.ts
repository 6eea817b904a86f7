import { expect, it } from 'vitest';
import { Pace } from '../../../../main/engine/distill/pace.ts';

it('the pace of a training is that of its steps', () => {
  const pace = new Pace(0);
  pace.reached(0, 900, true);
  expect(pace.perSecond).toBeNull();
  pace.reached(2, 1900, true);
  expect(pace.perSecond).toBe(2);
});

it('it is not taken from a message that follows at once', () => {
  const pace = new Pace(0);
  pace.reached(2, 1000, true);
  pace.reached(3, 1001, true);
  expect(pace.perSecond).toBe(2);
  // The step is counted with the next ones.
  pace.reached(4, 2000, true);
  expect(pace.perSecond).toBe(2);
});

it('a pause is no part of it', () => {
  const pace = new Pace(0);
  pace.reached(2, 1000, true);
  pace.reached(2, 9000, false);
  pace.reached(4, 10_000, true);
  expect(pace.perSecond).toBe(2);
});
