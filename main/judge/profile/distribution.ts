import type { Profile } from '../../contract/results.ts';
import type { RecordedRun } from '../../contract/profile-parts.ts';
import { median, medianEstimate } from '../statistics/median.ts';

/** How the times of a layer or kernel are spread over the runs. Times in ms. */
export interface Distribution {
  /** Runs behind it. */
  readonly runs: number;
  readonly minMs: number;
  readonly p25Ms: number;
  readonly p50Ms: number;
  readonly p75Ms: number;
  readonly maxMs: number;
  /** 95 % interval of p50; null: fewer than six runs. */
  readonly lowMs: number | null;
  readonly highMs: number | null;
  /** In the first run of the session; null: it was not recorded. */
  readonly firstMs: number | null;
}

/** A layer with its times, costliest first. */
export interface LayerDistribution extends Distribution {
  readonly name: string;
  readonly op: string;
  /** Whether it is a layer of the source: else a kernel of the runtime's own. */
  readonly isLayer: boolean;
  /** Of the sum of all medians, and with all those before it. */
  readonly share: number;
  readonly cumulative: number;
}

/** The runs of the sums, or all that were timed where none was undisturbed. */
export function countedRuns({ runs = [] }: Pick<Profile, 'runs'>): readonly RecordedRun[] {
  return runs.filter(({ use }) => use === 'counted');
}

/**
 * How each layer's time is spread over the counted runs: in each run the own times of its kernels added up.
 * @returns empty for a profile of an older version
 */
export function layerDistributions(
  profile: Pick<Profile, 'kernels' | 'layers' | 'runs'>,
): readonly LayerDistribution[] {
  const ops = new Map(profile.layers.map(({ name, op }) => [name, op]));
  const names = profile.kernels.map(({ layer, sources, name }) => layer ?? sources[0] ?? name);
  const groups = new Map<string, number[]>();
  for (const [place, name] of names.entries()) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [place]);
    else group.push(place);
  }
  const spread = distributions(profile, [...groups.values()]);
  const rows = [...groups].flatMap(([name, places], at) => {
    const told = spread[at];
    if (told === undefined) return [];
    return [{ name, op: ops.get(name) ?? profile.kernels[places[0]!]!.op, isLayer: ops.has(name), ...told }];
  });
  rows.sort((a, b) => b.p50Ms - a.p50Ms);
  const total = rows.reduce((sum, { p50Ms }) => sum + p50Ms, 0);
  let before = 0;
  return rows.map((row) => {
    before += row.p50Ms;
    return { ...row, share: total > 0 ? row.p50Ms / total : 0, cumulative: total > 0 ? before / total : 0 };
  });
}

/** The same of each kernel by itself, in the profile's order. */
export function kernelDistributions(profile: Pick<Profile, 'kernels' | 'runs'>): readonly Distribution[] {
  return distributions(
    profile,
    profile.kernels.map((_, place) => [place]),
  );
}

/** @param groups places of kernels whose times are added up in each run */
function distributions(
  profile: Pick<Profile, 'runs'>,
  groups: readonly (readonly number[])[],
): readonly Distribution[] {
  const counted = countedRuns(profile);
  if (counted.length === 0) return [];
  const [first] = profile.runs ?? [];
  const sums = counted.map(ownByKernel);
  const firstSums = first?.use === 'warm-up' ? ownByKernel(first) : null;
  const sumOf = (own: ReadonlyMap<number, number>, group: readonly number[]): number =>
    group.reduce((sum, place) => sum + (own.get(place) ?? 0), 0) / 1000;
  return groups.map((group) => {
    const times = Float64Array.from(sums, (own) => sumOf(own, group)).sort();
    return { ...distributionOf(times), firstMs: firstSums === null ? null : sumOf(firstSums, group) };
  });
}

function ownByKernel({ kernels, ownUs }: RecordedRun): ReadonlyMap<number, number> {
  const own = new Map<number, number>();
  for (const [at, place] of kernels.entries()) own.set(place, (own.get(place) ?? 0) + ownUs[at]!);
  return own;
}

/** @param sorted ms, ascending, not empty */
function distributionOf(sorted: Float64Array): Omit<Distribution, 'firstMs'> {
  const { value, low, high } = medianEstimate(sorted);
  return {
    runs: sorted.length,
    minMs: sorted[0]!,
    p25Ms: quantile(sorted, 0.25),
    p50Ms: value,
    p75Ms: quantile(sorted, 0.75),
    maxMs: sorted.at(-1)!,
    lowMs: low,
    highMs: high,
  };
}

/** With linear interpolation between neighbours. */
function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + ((sorted[below + 1] ?? low) - low) * (at - below);
}

/** A kernel on the timeline. */
export interface Span {
  /** Its place among the profile's kernels. */
  readonly kernel: number;
  readonly startMs: number;
  readonly timeMs: number;
}

/** The executions of one run. */
export function spansOfRun(run: RecordedRun): readonly Span[] {
  return run.kernels.map((kernel, at) => ({
    kernel,
    startMs: run.startsUs[at]! / 1000,
    timeMs: run.durationsUs[at]! / 1000,
  }));
}

/**
 * The median run: each kernel's first execution at its median start, as long as its median duration.
 * @returns the means of the profile where no runs were kept
 */
export function spansOfMedian(profile: Pick<Profile, 'kernels' | 'runs'>): readonly Span[] {
  const counted = countedRuns(profile);
  if (counted.length === 0) {
    return profile.kernels.map(({ startMs, timeMs }, kernel) => ({ kernel, startMs, timeMs }));
  }
  const starts = profile.kernels.map((): number[] => []);
  const durations = profile.kernels.map((): number[] => []);
  for (const { kernels, startsUs, durationsUs } of counted) {
    const seen = new Set<number>();
    for (const [at, place] of kernels.entries()) {
      if (seen.has(place)) continue;
      seen.add(place);
      starts[place]!.push(startsUs[at]! / 1000);
      durations[place]!.push(durationsUs[at]! / 1000);
    }
  }
  return starts.flatMap((each, kernel) =>
    each.length === 0 ? [] : [{ kernel, startMs: median(each), timeMs: median(durations[kernel]!) }],
  );
}
