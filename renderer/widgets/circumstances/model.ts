/** Which circumstances trials are compared under, and which of them have no measurement there yet. Pure. */
import type { ParamsIn } from '../../../main/contract/methods.ts';
import type { Measurement } from '../../../main/contract/measurement.ts';
import type { Machine, Provider } from '../../../main/contract/machine.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import { circumstancesOf, measurementUnder, mostShared } from '../../../main/judge/circumstances.ts';
import type { CircumstancesChoice } from '../../../main/judge/circumstances.ts';
import type { MetricId } from '../../../main/judge/metrics.ts';
import { metricOf } from '../../../main/judge/metrics.ts';
import type { MetricUnder } from '../../../main/judge/trial-numbers.ts';

type Measured = Pick<Trial, 'id' | 'status' | 'measurements'>;

/** Keys of the two kinds of circumstances; null: not chosen. */
export interface GroundKeys {
  readonly run: string | null;
  readonly data: string | null;
}

/** All circumstances that a metric was measured under, those that most trials share first. */
export function choicesOf(trials: readonly Measured[], metric: MetricId): readonly CircumstancesChoice[] {
  const measurements = trials.flatMap((trial): Measurement[] =>
    trial.measurements.map((measurement) => ({ ...measurement, trialId: trial.id })),
  );
  return circumstancesOf(measurements, metric).toSorted((a, b) => b.trialIds.length - a.trialIds.length);
}

/** What a metric is read under: what was chosen where any trial was measured there, else what most trials share. */
export function groundFor(trials: readonly Measured[], keys: GroundKeys): (id: MetricId) => MetricUnder {
  const known = new Map<MetricId, MetricUnder>();
  return (id) => {
    const found = known.get(id) ?? { metric: metricOf(id), key: keyFor(trials, keys, id) };
    known.set(id, found);
    return found;
  };
}

function keyFor(trials: readonly Measured[], keys: GroundKeys, id: MetricId): string | null {
  const metric = metricOf(id);
  if (metric.source === 'counted') return null;
  const chosen = metric.needsData ? keys.data : keys.run;
  const isThere = chosen !== null && trials.some((trial) => measurementUnder(trial.measurements, id, chosen));
  return isThere ? chosen : (mostShared(trials, id)?.key ?? null);
}

/** Finished trials without a measurement of a metric under what it is read under; none where nothing was measured at all. */
export function missingUnder<T extends Measured>(trials: readonly T[], { metric, key }: MetricUnder): readonly T[] {
  if (metric.source === 'counted' || key === null) return [];
  return trials.filter(
    (trial) => trial.status === 'done' && measurementUnder(trial.measurements, metric.id, key) === undefined,
  );
}

/** What brings the missing trials there: calls of the engine, one after the other; or why that cannot be done here. */
export type MeasureOrder =
  { readonly calls: readonly ParamsIn<'trial.measure'>[]; readonly problem: null } | { readonly problem: string };

/**
 * The calls that bring the missing trials to the chosen ground; null: none is missing. Timing and accuracy are called for
 * apart: each is told the settings of its own ground, and those of the other would give it another key (an evaluation
 * chooses its batch, and its key holds the dimensions that it was given).
 */
export function measureOrder(
  trials: readonly Measured[],
  grounds: { readonly latency: MetricUnder; readonly benefit: MetricUnder },
  machine: Pick<Machine, 'cpu' | 'onnxruntime'>,
): MeasureOrder | null {
  const calls: ParamsIn<'trial.measure'>[] = [];
  for (const ground of [grounds.latency, grounds.benefit]) {
    const missing = missingUnder(trials, ground);
    const there = circumstancesUnder(trials, ground);
    if (missing.length === 0 || there === undefined) continue;
    const { target, settings, data } = there;
    if (target.cpu !== machine.cpu || target.onnxruntime !== machine.onnxruntime)
      return { problem: `These were measured on ${target.cpu} with ONNX Runtime ${target.onnxruntime}.` };
    const { threads, batch, dims } = settings;
    calls.push({
      trialIds: missing.map(({ id }) => id),
      settings: { provider: target.provider as Provider, threads, batch, dims: { ...dims } },
      latency: data === null,
      evaluation: data && { datasetId: data.datasetId, split: data.split, limit: data.samples },
    });
  }
  return calls.length === 0 ? null : { calls, problem: null };
}

function circumstancesUnder(trials: readonly Measured[], { metric, key }: MetricUnder): Measurement | undefined {
  if (key === null) return undefined;
  return trials.map((trial) => measurementUnder(trial.measurements, metric.id, key)).find(Boolean);
}
