import { fairBinomialCdf, wilson } from './binomial.ts';

/** How two models answered the same samples. */
export interface PairedCounts {
  readonly bothRight: number;
  /** Only the first was right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly bothWrong: number;
}

/** The difference of two shares on the same samples. */
export interface PairedDifference {
  /** First − second. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided p of "they are equally often right". */
  readonly p: number;
}

/**
 * McNemar's test, exact: of the samples that only one got right, is one ahead of a fair coin? Two-sided.
 * 1 against 9: p = 22/1024 = 0.0215. No such samples: 1.
 * @see McNemar 1947
 */
export function mcnemarP(onlyFirst: number, onlySecond: number): number {
  const discordant = onlyFirst + onlySecond;
  return Math.min(1, 2 * fairBinomialCdf(Math.min(onlyFirst, onlySecond), discordant));
}

/**
 * The difference of two shares on the same samples with its 95 % interval and McNemar's p. The interval is Newcombe's
 * tenth: the Wilson intervals of both shares, put together with the correlation of the answers.
 * Without samples: 0 [−1, 1], p 1.
 * @see Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on paired data"
 */
export function pairedDifference({ bothRight, onlyFirst, onlySecond, bothWrong }: PairedCounts): PairedDifference {
  const samples = bothRight + onlyFirst + onlySecond + bothWrong;
  if (samples === 0) return { value: 0, low: -1, high: 1, p: 1 };
  const value = (onlyFirst - onlySecond) / samples;
  const first = wilson(bothRight + onlyFirst, samples);
  const second = wilson(bothRight + onlySecond, samples);
  const phi = correlation({ bothRight, onlyFirst, onlySecond, bothWrong }, samples);
  const reach = (a: number, b: number): number => Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b));
  return {
    value,
    low: value - reach(first.value - first.low, second.high - second.value),
    high: value + reach(first.high - first.value, second.value - second.low),
    p: mcnemarP(onlyFirst, onlySecond),
  };
}

/** Newcombe's φ: the correlation of the answers, with a continuity correction where it is positive; 0 where a margin is empty. */
function correlation({ bothRight, onlyFirst, onlySecond, bothWrong }: PairedCounts, samples: number): number {
  const margins =
    (bothRight + onlyFirst) * (onlySecond + bothWrong) * (bothRight + onlySecond) * (onlyFirst + bothWrong);
  if (margins === 0) return 0;
  const product = bothRight * bothWrong - onlyFirst * onlySecond;
  const corrected = product > samples / 2 ? product - samples / 2 : product >= 0 ? 0 : product;
  return corrected / Math.sqrt(margins);
}

/**
 * Counts how two models answered the same samples.
 * @param first   one bit a sample, lowest bit first, 1 = right; bits from `samples` on are ignored
 * @param second  the same for the other model
 */
export function countPairs(first: Uint8Array, second: Uint8Array, samples: number): PairedCounts {
  let bothRight = 0;
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let index = 0; index < samples; index++) {
    const bit = 1 << (index & 7);
    const a = (first[index >> 3]! & bit) !== 0;
    const b = (second[index >> 3]! & bit) !== 0;
    if (a && b) bothRight++;
    else if (a) onlyFirst++;
    else if (b) onlySecond++;
  }
  return { bothRight, onlyFirst, onlySecond, bothWrong: samples - bothRight - onlyFirst - onlySecond };
}
