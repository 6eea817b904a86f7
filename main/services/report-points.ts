import type { Trial } from '../contract/studio.ts';
import type { ReportPoint } from '../engine/report/report-input.ts';
import { circumstancesOf } from '../judge/circumstances.ts';
import { metricOf, type MetricId } from '../judge/metrics.ts';
import { numberOf, trialFront, type MetricUnder } from '../judge/trial-numbers.ts';
import type { MeasureContext } from './studio-context.ts';
import { pairsAmong } from './trial-pairs.ts';

/**
 * The trials that were measured as the shown one was, under the circumstances that it shares with most: latency, and accuracy
 * (agreement where there are no labels). Others have no place in the picture.
 */
export async function reportPoints(
  context: Pick<MeasureContext, 'workspace'>,
  trials: readonly Trial[],
  shown: Trial,
): Promise<ReportPoint[]> {
  const measurements = trials.flatMap((trial) => trial.measurements);
  const under = (id: MetricId): MetricUnder => {
    const shared = circumstancesOf(measurements, id).filter(({ trialIds }) => trialIds.includes(shown.id));
    const [most] = shared.toSorted((a, b) => b.trialIds.length - a.trialIds.length);
    return { metric: metricOf(id), key: most?.key ?? null };
  };
  const cost = under('latency');
  const top1 = under('top1');
  const benefit = top1.key === null ? under('agreement') : top1;
  const ids = trials.map(({ id }) => id);
  const pairs = [];
  for (const { metric, key } of [cost, benefit]) {
    if (key !== null) pairs.push(...(await pairsAmong(context, ids, { metric: metric.id, key })));
  }
  const front = new Set(trialFront(trials, { cost, benefit, pairs }));
  return trials.flatMap((trial): ReportPoint[] => {
    const [latency, accuracy] = [numberOf(trial, cost), numberOf(trial, benefit)];
    if (latency === undefined || accuracy === undefined) return [];
    const kind = trial.baseline ? 'baseline' : trial.id === shown.id ? 'this' : 'other';
    return [{ name: trial.name, latency, accuracy, kind, onFront: front.has(trial) }];
  });
}
