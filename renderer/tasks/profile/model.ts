/**
 * The pure view model of the Profile task: operator totals, kernel rows, the gap between profiled and unprofiled time,
 * per-layer metrics for the graph's overlays. All times milliseconds.
 */
import type { Kernel, Profile } from '../../../main/contract/results.ts';

/** Time of all kernels (or layers) of one operator. */
export interface OpTotal {
  readonly op: string;
  readonly timeMs: number;
  /** Of the sum over all operators, 0…1. */
  readonly share: number;
  readonly count: number;
}

/** What the totals count: the operators of the source graph, or those that the runtime executed. */
export type OpSource = 'layers' | 'kernels';

/** Operator totals, slowest first; operators that took no time are left out. */
export function opTotals(profile: Profile, source: OpSource): OpTotal[] {
  const rows = source === 'layers' ? profile.layers : profile.kernels;
  const byOp = new Map<string, { timeMs: number; count: number }>();
  let sum = 0;
  for (const row of rows) {
    const entry = byOp.get(row.op) ?? { timeMs: 0, count: 0 };
    byOp.set(row.op, { timeMs: entry.timeMs + row.timeMs, count: entry.count + 1 });
    sum += row.timeMs;
  }
  return [...byOp]
    .map(([op, { timeMs, count }]) => ({ op, timeMs, count, share: sum > 0 ? timeMs / sum : 0 }))
    .filter((total) => total.timeMs > 0)
    .sort((a, b) => b.timeMs - a.timeMs || a.op.localeCompare(b.op));
}

/** How the numbers of one profile hang together: kernels + unattributed = profiled run; profiled − unprofiled = gap. */
export interface Reconciliation {
  readonly unprofiledMs: number;
  readonly profiledMs: number;
  readonly kernelsMs: number;
  readonly unattributedMs: number;
  /** Profiled minus unprofiled p50; negative when the profiled runs happened to be faster. */
  readonly gapMs: number;
  /** Gap as a share of the unprofiled p50. */
  readonly gapShare: number;
}

/** Sums one profile up; see {@link Reconciliation}. */
export function reconcile(profile: Profile): Reconciliation {
  const kernelsMs = profile.kernels.reduce((sum, kernel) => sum + kernel.timeMs, 0);
  // in turns with the profiled runs where that was measured: the machine was the same
  const unprofiledMs = profile.recheck?.p50Ms ?? profile.latency.p50Ms;
  const gapMs = profile.profiled.p50Ms - unprofiledMs;
  return {
    unprofiledMs,
    profiledMs: profile.profiled.p50Ms,
    kernelsMs,
    unattributedMs: profile.unattributedMs,
    gapMs,
    gapShare: unprofiledMs > 0 ? gapMs / unprofiledMs : 0,
  };
}

/** One sentence on the gap between the two times, for people who wonder which of them is true. */
export function explainGap(gap: Reconciliation): string {
  const percent = Math.abs(gap.gapShare * 100).toFixed(0);
  if (gap.gapShare > 0.03)
    return `Recording each kernel makes a run ${percent} % slower. The unprofiled time is the real one; the profile gives each kernel's share of it.`;
  if (gap.gapShare < -0.03)
    return `The profiled runs were ${percent} % faster than the unprofiled ones: the machine's speed drifted between them. Profile again when it is quiet.`;
  return 'Recording each kernel cost less than 3 % here, so both times agree.';
}

/** A row of the kernels table. */
export interface KernelRow {
  readonly index: number;
  readonly kernel: Kernel;
  /** Of all kernels' time, 0…1. */
  readonly share: number;
}

export type KernelSort = 'start' | 'time';

/** Kernels as rows, in the order of execution or slowest first. */
export function kernelRows(profile: Profile, sort: KernelSort): KernelRow[] {
  const sum = profile.kernels.reduce((total, kernel) => total + kernel.timeMs, 0);
  const rows = profile.kernels.map((kernel, index) => ({ index, kernel, share: sum > 0 ? kernel.timeMs / sum : 0 }));
  return sort === 'start'
    ? rows.sort((a, b) => a.kernel.startMs - b.kernel.startMs)
    : rows.sort((a, b) => b.kernel.timeMs - a.kernel.timeMs);
}

/** The layer that a click on a kernel picks: the first of its sources, null for a kernel of the runtime's own. */
export function layerOfKernel(kernel: Kernel): string | null {
  return kernel.sources[0] ?? null;
}

/** For each layer the indices of the kernels that executed it. */
export function kernelsByLayer(profile: Profile): Map<string, number[]> {
  const byLayer = new Map<string, number[]>();
  profile.kernels.forEach((kernel, index) => {
    for (const source of kernel.sources) {
      const list = byLayer.get(source);
      if (list) list.push(index);
      else byLayer.set(source, [index]);
    }
  });
  return byLayer;
}

/** Memory over the timed runs, relative to the first sample's time. */
export function memorySeries(profile: Profile): { ms: number; bytes: number }[] {
  const first = profile.memory.samples[0]?.ms ?? 0;
  return profile.memory.samples.map((sample) => ({ ms: sample.ms - first, bytes: sample.bytes }));
}

/** Help for every number of a profile, by the name under which the view shows it. */
export const PROFILE_HELP = {
  p50: 'Half of the unprofiled runs were faster than this. The number to quote.',
  p90: 'Nine of ten unprofiled runs were faster than this.',
  p99: 'Ninety-nine of a hundred unprofiled runs were faster than this: what a slow frame costs.',
  spread: 'Standard deviation of the unprofiled runs. Above a tenth of p50 the machine was busy with something else.',
  min: 'The fastest unprofiled run.',
  max: 'The slowest unprofiled run.',
  profiled: 'p50 of the runs in which every kernel was recorded. Recording takes time itself.',
  kernels: 'Sum of all kernels’ times in a profiled run.',
  unattributed:
    'Profiled time that belongs to no kernel: the runtime’s own scheduling between kernels and copying of inputs and outputs.',
  peak: 'Highest resident memory of the runner during the runs, over what it held before the model was loaded.',
  session: 'Weights and working memory held after loading, before the first run.',
  kernel:
    'What the runtime really executed after its own graph optimisations. One kernel may run several layers (a convolution with its activation), and some are the runtime’s own (reordering data).',
  share: 'Of the time of all kernels.',
  activation: 'Bytes of inputs and outputs that pass through the kernel, without weights.',
} as const;
