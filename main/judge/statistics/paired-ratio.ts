import { Z95, type Estimate } from './interval.ts';
import { median } from './median.ts';

/** Two-sided 95 % of Student's t, for 1 to 9 degrees of freedom. */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262] as const;

/** Fewer and longer batches where there are few rounds: neighbours that resemble each other must fall into one. */
function batchCount(rounds: number): number {
  return rounds >= 200 ? 10 : Math.min(6, Math.floor(rounds / 3));
}

/**
 * The ratio of two medians, measured in turns, with its 95 % interval by batch means: the rounds are cut into three to ten
 * runs of neighbours, each gives the logarithm of its own ratio of medians; their mean is the value, their spread the
 * interval (Student's t). What holds up both at once cancels within a batch, and what lasts several rounds falls into one
 * batch, so that neighbours which resemble each other do not make the interval too narrow (coverage by simulation: see
 * the tests).
 * @param values    times of the trial, round by round, all positive
 * @param reference times of the other in the same rounds, as many, at least one
 * @returns value / reference; without an interval for fewer than six rounds
 * @see Law and Kelton, Simulation Modeling and Analysis, 9.5.3 (batch means)
 */
export function pairedRatio(values: ArrayLike<number>, reference: ArrayLike<number>): Estimate {
  const rounds = values.length;
  const batches = batchCount(rounds);
  if (batches < 2) return { value: median(values) / median(reference), low: null, high: null };
  const own = Float64Array.from(values);
  const other = Float64Array.from(reference);
  const logs = Array.from({ length: batches }, (_, batch) => {
    const from = Math.floor((batch * rounds) / batches);
    const to = Math.floor(((batch + 1) * rounds) / batches);
    return Math.log(median(own.subarray(from, to)) / median(other.subarray(from, to)));
  });
  const mean = logs.reduce((sum, log) => sum + log, 0) / batches;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (batches - 1);
  const half = T95[batches - 2]! * Math.sqrt(variance / batches);
  return { value: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/**
 * The ratio a / b from a / r and b / r, each with its interval: logarithms are subtracted and their variances added.
 * 0.5 [0.45, 0.556] over 1 [0.9, 1.111] is 0.5 [0.431, 0.580]. Without an interval where one of the two has none.
 */
export function ratioThrough(a: Estimate, b: Estimate): Estimate {
  const value = a.value / b.value;
  const errors = [a, b].map(logError);
  if (errors.some((error) => error === null)) return { value, low: null, high: null };
  const half = Z95 * Math.hypot(...(errors as number[]));
  return { value, low: value * Math.exp(-half), high: value * Math.exp(half) };
}

/** Standard error of the logarithm; null without an interval. */
function logError({ low, high }: Estimate): number | null {
  return low === null || high === null || low <= 0 ? null : Math.log(high / low) / (2 * Z95);
}
