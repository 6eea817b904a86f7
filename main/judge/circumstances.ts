import type { Preprocessing } from '../contract/data.ts';
import type { Circumstances, Measurement } from '../contract/measurement.ts';

/**
 * The canonical text of (target, settings, data): two measurements are compared only when theirs are equal. Names and ids
 * of data sets are for people and no part of it; the fingerprint is.
 */
export function circumstancesKey({ target, settings, data }: Circumstances): string {
  const { cpu, cores, os, provider, onnxruntime, vnni } = target;
  const dims = tellingDims(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    [cpu, cores, os, provider, onnxruntime, vnni],
    [settings.threads, settings.batch, dims, settings.turns],
    data === null
      ? null
      : [
          data.fingerprint,
          [data.split.part, data.split.seed, data.split.share],
          preprocessingKey(data.preprocessing),
          data.samples,
        ],
  ]);
}

/** Dimensions that only say the batch again. */
const BATCH_NAME = /batch|^(?:n|b|bs)$/iu;

/** The dimensions that say more than the batch does. */
function tellingDims({ dims, batch }: Circumstances['settings']): [string, number][] {
  return Object.entries(dims).filter(([name, size]) => !(BATCH_NAME.test(name) && size === batch));
}

function preprocessingKey(preprocessing: Preprocessing): readonly unknown[] {
  const { resize, mean, std, scale, channels, layout, labelOffset, letterbox } = preprocessing;
  const box = letterbox === undefined ? [] : [letterbox.fill, letterbox.align];
  return [resize, mean, std, scale, channels, layout, labelOffset, ...box];
}

/** Whether circumstances with this key hold data: then they are of accuracy, else of latency or memory. */
export function keyHoldsData(key: string): boolean {
  return !key.endsWith(',null]');
}

/** Whether two measurements may be compared: both know their circumstances, and these are the same. */
export function sameCircumstances(a: Measurement, b: Measurement): boolean {
  return a.recorded && b.recorded && circumstancesKey(a) === circumstancesKey(b);
}

/** Circumstances that something was measured under, for choosing. */
export interface CircumstancesChoice {
  readonly key: string;
  readonly circumstances: Circumstances;
  /** Trials that have a measurement there. */
  readonly trialIds: readonly string[];
  /** Of the newest measurement, Unix milliseconds. */
  readonly at: number;
}

/**
 * All circumstances that the metric was measured under, those of the newest measurement first.
 * @param measurements of all trials that are looked at, each with its `trialId`
 */
export function circumstancesOf(measurements: readonly Measurement[], metric: string): CircumstancesChoice[] {
  const found = new Map<string, { circumstances: Circumstances; trialIds: Set<string>; at: number }>();
  for (const measurement of measurements) {
    if (!measurement.recorded || measurement.metric !== metric) continue;
    const { target, settings, data, trialId, at } = measurement;
    const key = circumstancesKey(measurement);
    const entry = found.get(key) ?? { circumstances: { target, settings, data }, trialIds: new Set<string>(), at };
    if (trialId !== undefined) entry.trialIds.add(trialId);
    entry.at = Math.max(entry.at, at);
    found.set(key, entry);
  }
  return [...found]
    .map(([key, { circumstances, trialIds, at }]) => ({ key, circumstances, trialIds: [...trialIds], at }))
    .sort((a, b) => b.at - a.at);
}

/**
 * The circumstances under which most trials were measured, the newest of those with as many: where a picture of all of them
 * starts. undefined: none was.
 */
export function mostShared(
  trials: readonly { readonly measurements: readonly Measurement[] }[],
  metric: string,
): CircumstancesChoice | undefined {
  const choices = circumstancesOf(
    trials.flatMap(({ measurements }) => measurements),
    metric,
  );
  return choices.toSorted((a, b) => b.trialIds.length - a.trialIds.length)[0];
}

/** The newest measurement of a metric under the circumstances with this key; undefined: not measured there yet. */
export function measurementUnder(
  measurements: readonly Measurement[],
  metric: string,
  key: string,
): Measurement | undefined {
  let newest: Measurement | undefined;
  for (const measurement of measurements) {
    if (!measurement.recorded || measurement.metric !== metric || circumstancesKey(measurement) !== key) continue;
    if (newest === undefined || measurement.at >= newest.at) newest = measurement;
  }
  return newest;
}

/** Circumstances in words, as the settings chooser and the ledger show them: "2 threads, batch 1, cpu". */
export function describeCircumstances({ target, settings, data }: Circumstances): string {
  const threads = `${settings.threads} ${settings.threads === 1 ? 'thread' : 'threads'}`;
  const dims = tellingDims(settings).map(([name, size]) => `${name} = ${size}`);
  const run = [threads, `batch ${settings.batch}`, ...dims, target.provider];
  if (data !== null) return `${describeData(data)}; ${run.join(', ')}`;
  return [...run, ...(settings.turns ? [] : ['timed alone'])].join(', ');
}

/** "digits, evaluation split (80 %, seed 0), 800 samples". */
export function describeData({ name, split, samples }: NonNullable<Circumstances['data']>): string {
  const count = `${samples} ${samples === 1 ? 'sample' : 'samples'}`;
  if (split.part === 'all') return `${name}, ${count}`;
  const share = split.part === 'calibration' ? split.share : 1 - split.share;
  return `${name}, ${split.part} split (${Number((share * 100).toFixed(1))} %, seed ${split.seed}), ${count}`;
}
