import { describe, expect, it } from 'vitest';
import type { Outcomes } from '../../../main/contract/measurement.ts';
import { circumstancesKey } from '../../../main/judge/circumstances.ts';
import { metricOf } from '../../../main/judge/metrics.ts';
import { findPair, outcomesPair } from '../../../main/judge/pairing.ts';
import { sharedGround, trialFront, verdictBetween, type TrialNumbers } from '../../../main/judge/trial-numbers.ts';
import { someCircumstances, someData, someMeasurement, somePair } from '../../support/measured.ts';

const data = someCircumstances({ data: someData({ samples: 10 }) });
const couple = { trialId: 'a', referenceId: 'b', circumstances: data, at: 1 };
/** Ten samples of three classes; `right` says which. */
const outcomes = (right: readonly number[], predicted: readonly number[]): Outcomes => ({
  samples: 10,
  top1: right.reduce((bits, index) => {
    bits[index >> 3]! |= 1 << (index & 7);
    return bits;
  }, new Uint8Array(2)),
  top5: null,
  predicted: Int32Array.from(predicted),
});
const BASE = outcomes([0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
const WORSE = outcomes([0, 1, 2], [0, 1, 2, 1, 2, 0, 1, 2, 0, 0]);

describe('outcomesPair', () => {
  it('pairs top-1 on the same samples: six of ten lost, p = 2/64', () => {
    const pair = outcomesPair('top1', couple, { trial: WORSE, reference: BASE, baseline: undefined })!;
    expect(pair).toMatchObject({ metric: 'top1', kind: 'difference', value: -0.6, samples: 10, data: data.data });
    expect(pair.p).toBeCloseTo(2 / 64, 12);
  });

  it('pairs agreement by the predicted classes of the baseline, which agrees with itself', () => {
    const pair = outcomesPair('agreement', couple, { trial: WORSE, reference: BASE, baseline: BASE })!;
    expect(pair.value).toBeCloseTo(-0.6, 12);
    expect(outcomesPair('agreement', couple, { trial: WORSE, reference: BASE, baseline: undefined })).toBeUndefined();
  });

  it('pairs nothing where there were no labels, or another number of samples', () => {
    const unlabelled = { ...BASE, top1: null };
    expect(outcomesPair('top1', couple, { trial: unlabelled, reference: BASE, baseline: undefined })).toBeUndefined();
    const fewer = { ...BASE, samples: 9 };
    expect(outcomesPair('top1', couple, { trial: fewer, reference: BASE, baseline: undefined })).toBeUndefined();
  });
});

describe('findPair', () => {
  const key = circumstancesKey(someCircumstances());
  const a = { id: 'a', pairs: [somePair({ trialId: 'a', referenceId: 'base', value: 0.5, low: 0.45, high: 0.556 })] };
  const b = { id: 'b', pairs: [somePair({ trialId: 'b', referenceId: 'base', value: 1, low: 0.9, high: 1.111 })] };
  const base = { id: 'base', pairs: [] };

  it('finds it as measured, turned around, or through the shared baseline', () => {
    expect(findPair('latency', key, a, base)?.value).toBe(0.5);
    expect(findPair('latency', key, base, a)?.value).toBe(2);
    const through = findPair('latency', key, a, b)!;
    expect(through.value).toBe(0.5);
    // ln(0.556 / 0.45) = 0.2115, of both: half width 0.1058 · √2 = 0.1496
    expect(through.high).toBeCloseTo(0.5 * Math.exp(0.1496), 3);
  });

  it('finds none under other circumstances', () => {
    expect(findPair('latency', circumstancesKey(someCircumstances({ threads: 1 })), a, base)).toBeUndefined();
  });
});

describe('trials', () => {
  const trial = (id: string, ms: number, accuracy: number, given: Partial<TrialNumbers> = {}): TrialNumbers => ({
    id,
    measurements: [
      someMeasurement({ trialId: id, value: ms, low: ms * 0.1, high: ms * 10 }),
      someMeasurement({
        trialId: id,
        metric: 'top1',
        value: accuracy,
        low: accuracy - 0.02,
        high: accuracy + 0.02,
        ...data,
      }),
    ],
    pairs: [],
    bytes: 100,
    parameters: null,
    sparsity: null,
    macs: null,
    prune: null,
    ...given,
  });
  const base = trial('base', 0.511, 0.98);

  it('within the noise of another’s speed and surely less accurate do not stand on the front', () => {
    const ruined = trial('Prune 60 % + int8', 0.475, 0.17);
    const ground = sharedGround([base, ruined]);
    const front = trialFront([base, ruined], { cost: ground('latency'), benefit: ground('top1') });
    expect(front.map(({ id }) => id)).toEqual(['base']);
  });

  it('that are surely faster by their pair stand there, though their own intervals overlap', () => {
    const faster = somePair({ trialId: 'int8', referenceId: 'base', value: 0.9, low: 0.88, high: 0.92 });
    const int8 = trial('int8', 0.46, 0.9, { pairs: [faster] });
    const ground = sharedGround([base, int8]);
    expect(verdictBetween(int8, base, ground('latency'))).toBe('better');
    expect(verdictBetween(base, int8, ground('latency'))).toBe('worse');
    const front = trialFront([base, int8], { cost: ground('latency'), benefit: ground('top1') });
    expect(front.map(({ id }) => id)).toEqual(['int8', 'base']);
  });

  it('are judged by counted metrics exactly, and not at all where a number is missing', () => {
    const size = { metric: metricOf('bytes'), key: null };
    expect(verdictBetween(trial('a', 1, 1, { bytes: 90 }), base, size)).toBe('better');
    expect(verdictBetween(trial('a', 1, 1, { bytes: null }), base, size)).toBeNull();
  });
});
