import { describe, expect, it } from 'vitest';
import { metricOf } from '../../../main/judge/metrics.ts';
import {
  formatPair,
  reversedPair,
  verdictOfNumbers,
  verdictOfPair,
  verdictWords,
} from '../../../main/judge/verdict.ts';
import { somePair } from '../../support/measured.ts';

const latency = metricOf('latency');
const top1 = metricOf('top1');

describe('a pair', () => {
  it('is better or worse only when its interval leaves out "alike"', () => {
    expect(verdictOfPair(latency, somePair({ low: 0.45, high: 0.55 }))).toBe('better');
    expect(verdictOfPair(latency, somePair({ low: 1.01, high: 1.2 }))).toBe('worse');
    expect(verdictOfPair(latency, somePair({ low: 0.9, high: 1.01 }))).toBe('cannot-tell');
    expect(verdictOfPair(latency, somePair({ low: null, high: null }))).toBe('cannot-tell');
  });

  it('needs McNemar to agree, and knows that more accuracy is better', () => {
    const difference = somePair({
      metric: 'top1',
      kind: 'difference',
      value: -0.01,
      low: -0.02,
      high: -0.001,
      p: 0.01,
    });
    expect(verdictOfPair(top1, difference)).toBe('worse');
    expect(verdictOfPair(top1, { ...difference, p: 0.07 })).toBe('cannot-tell');
    expect(verdictOfPair(top1, reversedPair(difference))).toBe('better');
  });

  it('is not judged in a metric without direction', () => {
    expect(verdictOfPair(metricOf('sparsity'), somePair())).toBeNull();
  });

  it('turned around twice is itself', () => {
    const turned = reversedPair(somePair());
    expect(turned).toMatchObject({ trialId: 'b', referenceId: 'a', value: 2, low: 1 / 0.55, high: 1 / 0.45 });
    expect(reversedPair(turned).low).toBeCloseTo(0.45, 12);
  });

  it('is said in words and numbers', () => {
    expect(verdictWords(latency, 'better')).toBe('faster');
    expect(verdictWords(top1, 'worse')).toBe('less accurate');
    expect(verdictWords(top1, 'cannot-tell')).toBe('cannot tell');
    expect(formatPair(somePair())).toBe('0.5× [0.45, 0.55]');
    expect(formatPair(somePair({ kind: 'difference', value: -0.0032, low: -0.009, high: 0.0026 }))).toBe(
      '−0.32 points [−0.9, 0.26]',
    );
  });
});

describe('two numbers without a pair', () => {
  const at = (value: number, low: number | null, high: number | null) => ({ value, low, high });

  it('say nothing while their intervals touch', () => {
    expect(verdictOfNumbers(latency, at(1, 0.9, 1.1), at(1.05, 1, 1.2))).toBe('cannot-tell');
    expect(verdictOfNumbers(latency, at(1, 0.9, 1.1), at(2, 1.9, 2.1))).toBe('better');
    expect(verdictOfNumbers(latency, at(1, null, null), at(2, 1.9, 2.1))).toBe('cannot-tell');
  });

  it('are judged by their order where they are counted', () => {
    const bytes = metricOf('bytes');
    expect(verdictOfNumbers(bytes, at(10, null, null), at(11, null, null))).toBe('better');
    expect(verdictOfNumbers(bytes, at(10, null, null), at(10, null, null))).toBeNull();
  });
});
