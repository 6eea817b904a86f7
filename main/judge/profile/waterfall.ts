import type { Profile } from '../../contract/results.ts';
import type { RecordedRun } from '../../contract/profile-parts.ts';
import { formatMs, formatPercent } from '../format.ts';

/** What a step of the waterfall stands for. */
export type WaterfallPart = 'kernels' | 'overlap' | 'gaps' | 'session' | 'call' | 'profiled' | 'recording' | 'wall';

/** A step from the kernels to the time of an undisturbed run. */
export interface WaterfallStep {
  readonly part: WaterfallPart;
  readonly title: string;
  /** What it changes the sum by; of a total the total itself. */
  readonly ms: number;
  readonly isTotal: boolean;
  readonly help: string;
}

/** How the times of one profile hang together. */
export interface Waterfall {
  /** Steps add up to the totals after them, and all of them to `wallMs`. */
  readonly steps: readonly WaterfallStep[];
  /** p50 of the runs without the profiler, in turns with the profiled ones where there are such. */
  readonly wallMs: number;
  /** Profiled runs that are in the means. */
  readonly runs: number;
  /** The latency that is quoted, measured before, against the waterfall's end. */
  readonly check: WaterfallCheck | null;
}

/** Two independent series without the profiler: what they differ by is the machine's doing. */
export interface WaterfallCheck {
  readonly quotedMs: number;
  /** The waterfall's end over the quoted latency − 1. */
  readonly drift: number;
  /** Whether the two 95 % intervals touch; null: too few runs for intervals. */
  readonly agrees: boolean | null;
}

const HELP: Readonly<Record<WaterfallPart, string>> = {
  kernels: 'The times of all kernels added up, each without what ran within it.',
  overlap: 'Kernels that ran beside each other (parallel execution): their sum counts that time more than once.',
  gaps: 'Within the executor but in no kernel: choosing the next kernel, making its outputs, freeing what nobody reads any more, and most of the recording.',
  session:
    'Within the runtime’s run but outside its executor: checking inputs, waking threads, handing out the outputs.',
  call: 'Between the caller’s clock and the runtime’s: the binding that turns JavaScript’s tensors into the runtime’s and back.',
  profiled: 'A run in which every kernel was recorded, by the caller’s clock: mean of the runs that were not held up.',
  recording:
    'What recording costs: the profiled run less the undisturbed one, which ran in turns with it. It lies in kernels, gaps and session alike.',
  wall: 'p50 of runs without the profiler, in turns with the profiled ones.',
};

const TITLES: Readonly<Record<WaterfallPart, string>> = {
  kernels: 'Kernels',
  overlap: 'Overlap',
  gaps: 'Gaps',
  session: 'Session',
  call: 'Call',
  profiled: 'Profiled run',
  recording: 'Recording',
  wall: 'Undisturbed run',
};

/**
 * Kernels − overlap + gaps + session + call = profiled run; profiled run − recording = run without the profiler. Means over
 * the same profiled runs, so that the sums are exact.
 * @returns null for a profile of an older version, or without a run that tells
 */
export function waterfallOf(profile: Pick<Profile, 'runs' | 'latency' | 'recheck' | 'imported'>): Waterfall | null {
  const runs = (profile.runs ?? []).filter((run) => run.use === 'counted');
  if (runs.length === 0) return null;
  const parts = runs.map(partsOf);
  const mean = (part: keyof RunParts): number => parts.reduce((sum, each) => sum + each[part], 0) / parts.length / 1000;
  const step = (part: WaterfallPart, ms: number, isTotal = false): WaterfallStep => ({
    part,
    title: TITLES[part],
    ms,
    isTotal,
    help: HELP[part],
  });
  const profiledMs = mean('wall');
  // elsewhere nothing was run without the profiler
  const isImported = profile.imported !== undefined;
  const wallMs = isImported ? profiledMs : (profile.recheck?.p50Ms ?? profile.latency.p50Ms);
  const overlapMs = mean('overlap');
  return {
    steps: [
      step('kernels', mean('kernels')),
      ...(overlapMs > 0 ? [step('overlap', -overlapMs)] : []),
      step('gaps', mean('gaps')),
      step('session', mean('session')),
      step('call', mean('call')),
      step('profiled', profiledMs, true),
      ...(isImported ? [] : [step('recording', wallMs - profiledMs), step('wall', wallMs, true)]),
    ],
    wallMs,
    runs: runs.length,
    check: checkOf(profile),
  };
}

/** The check in a sentence; '' without one. */
export function waterfallWords({ check }: Pick<Waterfall, 'check'>): string {
  if (check === null) return '';
  const drift = `${check.drift < 0 ? '−' : '+'}${formatPercent(Math.abs(check.drift), 2)}`;
  const against = `Against the latency measured alone, ${formatMs(check.quotedMs)}: ${drift}`;
  if (check.agrees === null) return `${against}.`;
  return check.agrees
    ? `${against}; their intervals agree.`
    : `${against}: the machine’s speed, or what else it did, changed between the two.`;
}

interface RunParts {
  readonly kernels: number;
  readonly overlap: number;
  readonly gaps: number;
  readonly session: number;
  readonly call: number;
  readonly wall: number;
}

/** µs; what is not told apart (no executor, no caller's clock) is in the part around it. */
function partsOf(run: RecordedRun): RunParts {
  const kernels = run.ownUs.reduce((sum, us) => sum + us, 0);
  const busy = busyUs(run);
  const wall = run.wallUs ?? run.runUs;
  const execute = run.executeUs ?? run.runUs;
  const overlap = Math.max(0, kernels - Math.min(busy, execute));
  return {
    kernels,
    overlap,
    gaps: execute - kernels + overlap,
    session: run.runUs - execute,
    call: wall - run.runUs,
    wall,
  };
}

/** µs in which at least one kernel ran. */
function busyUs({ startsUs, durationsUs }: Pick<RecordedRun, 'startsUs' | 'durationsUs'>): number {
  let busy = 0;
  let until = -Infinity;
  for (const [at, start] of startsUs.entries()) {
    const end = start + durationsUs[at]!;
    busy += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return busy;
}

function checkOf({ latency, recheck }: Pick<Profile, 'latency' | 'recheck'>): WaterfallCheck | null {
  if (recheck === undefined) return null;
  const bounds = [latency.p50LowMs, latency.p50HighMs, recheck.p50LowMs, recheck.p50HighMs];
  const [low, high, againLow, againHigh] = bounds.map((bound) => bound ?? undefined);
  const known = low !== undefined && high !== undefined && againLow !== undefined && againHigh !== undefined;
  return {
    quotedMs: latency.p50Ms,
    drift: recheck.p50Ms / latency.p50Ms - 1,
    agrees: known ? low <= againHigh && againLow <= high : null,
  };
}
