import { Z95 } from './interval.ts';

/**
 * P(X ≤ k) for X ~ Binomial(n, ½), summed term by term. P(X ≤ 1) of 10: 11/1024.
 * @param n 0 ≤ n; above 1,000 the normal approximation with continuity correction is used (error below 1e-4)
 */
export function fairBinomialCdf(k: number, n: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  if (n > 1000) return normalCdf((k + 0.5 - n / 2) / (Math.sqrt(n) / 2));
  let term = 2 ** -n;
  let sum = term;
  for (let index = 1; index <= k; index++) {
    term *= (n - index + 1) / index;
    sum += term;
  }
  return Math.min(1, sum);
}

/** Standard normal distribution function, error below 1.5e-7. @see Abramowitz and Stegun 7.1.26 */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = (poly * Math.exp(-x * x)) / 2;
  return z < 0 ? upper : 1 - upper;
}

/** A share with its 95 % interval. */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The share of successes with the Wilson score interval at 95 %, which stays within [0, 1] and is right for few samples too.
 * 8 of 10: 0.8 [0.490, 0.943]. Without samples: 0 [0, 1].
 * @see Wilson 1927; Brown, Cai, DasGupta 2001
 */
export function wilson(successes: number, samples: number): Share {
  if (samples === 0) return { value: 0, low: 0, high: 1 };
  const share = successes / samples;
  const z2 = Z95 * Z95;
  const centre = (share + z2 / (2 * samples)) / (1 + z2 / samples);
  const half = (Z95 * Math.sqrt((share * (1 - share)) / samples + z2 / (4 * samples * samples))) / (1 + z2 / samples);
  // At the ends the bounds are exact; rounding would leave them a hair off.
  const low = successes === 0 ? 0 : Math.max(0, centre - half);
  const high = successes === samples ? 1 : Math.min(1, centre + half);
  return { value: share, low, high };
}
