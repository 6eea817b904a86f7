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

/** What a metric needs to be measured there: the order for the engine, or why it cannot be given here. */
export type MeasureOrder =
  { readonly params: ParamsIn<'trial.measure'>; readonly problem: null } | { readonly problem: string };

/**
 * The one job that brings the missing trials to the chosen ground.
 * @param latency circumstances of timing, and the trials that miss them; null: none is wanted
 */
export function measureOrder(
  trials: readonly Measured[],
  grounds: { readonly latency: MetricUnder; readonly benefit: MetricUnder },
  machine: Pick<Machine, 'cpu' | 'onnxruntime'>,
): MeasureOrder | null {
  const untimed = missingUnder(trials, grounds.latency);
  const unproved = missingUnder(trials, grounds.benefit);
  const ids = [...new Set([...untimed, ...unproved].map((trial) => trial.id))];
  if (ids.length === 0) return null;
  const timing = circumstancesUnder(trials, grounds.latency);
  const proving = circumstancesUnder(trials, grounds.benefit);
  const settings = (timing ?? proving)!;
  if (settings.target.cpu !== machine.cpu || settings.target.onnxruntime !== machine.onnxruntime) {
    return {
      problem: `These were measured on ${settings.target.cpu} with ONNX Runtime ${settings.target.onnxruntime}.`,
    };
  }
  const { data } = proving ?? { data: null };
  return {
    problem: null,
    params: {
      trialIds: ids,
      settings: {
        provider: settings.target.provider as Provider,
        threads: settings.settings.threads,
        batch: settings.settings.batch,
        dims: { ...settings.settings.dims },
      },
      latency: untimed.length > 0,
      evaluation:
        unproved.length > 0 && data !== null
          ? { datasetId: data.datasetId, split: data.split, limit: data.samples }
          : null,
    },
  };
}

function circumstancesUnder(trials: readonly Measured[], { metric, key }: MetricUnder) {
  if (key === null) return undefined;
  return trials.map((trial) => measurementUnder(trial.measurements, metric.id, key)).find(Boolean);
}
