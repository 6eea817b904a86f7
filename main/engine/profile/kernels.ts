import { median } from '../../judge/statistics/median.ts';
import { nameHasTrait } from '../operators/ask.ts';
import type { GpuEvent, KernelEvent, KernelMemory, TracedRun } from './trace.ts';

/** One kernel over the profiled runs. */
export interface KernelTiming {
  readonly name: string;
  readonly op: string;
  readonly provider: string;
  /**
   * Mean over the runs, all executions within a run added up (loop bodies). Without the kernels of its own subgraphs. On a
   * GPU: by the GPU's clock.
   */
  readonly timeMs: number;
  /** Start of its first execution within the run, mean over the runs. */
  readonly startMs: number;
  readonly inputShapes: readonly string[];
  readonly outputShapes: readonly string[];
  readonly activationBytes: number;
  readonly parameterBytes: number;
  /** Of the last run. */
  readonly memory: KernelMemory | undefined;
}

export interface KernelTable {
  /** In the order of their first start. */
  readonly kernels: readonly KernelTiming[];
  /** Mean duration of a run minus the time of all kernels; ≥ 0. */
  readonly unattributedMs: number;
  /** Whether times come from the GPU's own clock. */
  readonly gpuTimed: boolean;
}

/** A kernel as it ran once. */
export interface Execution {
  readonly event: KernelEvent;
  /** Without what ran within it; on a GPU all its shaders by the GPU's clock, at the first execution within a run. */
  readonly ownUs: number;
  /** Since the run began. */
  readonly startUs: number;
}

interface Sum {
  readonly first: KernelEvent;
  last: KernelEvent;
  totalUs: number;
  startUs: number;
  runs: number;
}

/**
 * Sums up the kernels of some runs.
 * @param runs at least one; leave the warm-up runs out
 */
export function sumKernels(runs: readonly TracedRun[]): KernelTable {
  const sums = new Map<string, Sum>();
  const gpuTimed = isGpuTimed(runs);
  for (const run of runs) {
    const seen = new Set<string>();
    for (const { event, ownUs, startUs } of executionsOf(run, gpuTimed)) {
      const sum = sums.get(event.name) ?? { first: event, last: event, totalUs: 0, startUs: 0, runs: 0 };
      sums.set(event.name, sum);
      sum.totalUs += ownUs;
      sum.last = event;
      if (seen.has(event.name)) continue;
      seen.add(event.name);
      sum.runs++;
      sum.startUs += startUs;
    }
  }
  const kernels = [...sums.values()].map((sum) => toTiming(sum, runs.length)).sort((a, b) => a.startMs - b.startMs);
  const runMs = runs.reduce((total, run) => total + run.durationUs, 0) / Math.max(1, runs.length) / 1000;
  const kernelMs = kernels.reduce((total, kernel) => total + kernel.timeMs, 0);
  return { kernels, unattributedMs: Math.max(0, runMs - kernelMs), gpuTimed };
}

/** Whether times come from the GPU's own clock. */
export function isGpuTimed(runs: readonly TracedRun[]): boolean {
  return runs.some((run) => run.gpu.length > 0);
}

/** The executions of a run, each with the time that is its own. */
export function executionsOf(run: TracedRun, gpuTimed: boolean): readonly Execution[] {
  const shaders = gpuTimed ? groupShaders(run) : undefined;
  const durations = exclusiveDurations(run.kernels);
  const seen = new Set<string>();
  return run.kernels.map((event, index) => {
    const onGpu = shaders?.get(event.name);
    const dispatchOnly = gpuTimed && !event.provider.startsWith('CPU');
    const isFirst = !seen.has(event.name);
    seen.add(event.name);
    const shaderUs = isFirst ? (onGpu ?? []).reduce((sum, shader) => sum + shader.durationUs, 0) : 0;
    return {
      event,
      ownUs: dispatchOnly ? shaderUs : durations[index]!,
      startUs: (onGpu?.[0]?.startUs ?? event.startUs) - run.startUs,
    };
  });
}

/** A run that takes longer than this many medians was held up by something else on the machine. */
const HELD_UP = 1.5;

/**
 * The runs that were not held up: one preemption of a few ms would otherwise make a kernel of some µs look like the
 * costliest of all. The median run is always among them, so at least half of the runs are.
 */
export function undisturbedRuns<Run>(runs: readonly Run[], durationOf: (run: Run) => number): readonly Run[] {
  if (runs.length === 0) return runs;
  const limit = HELD_UP * median(runs.map(durationOf));
  return runs.filter((run) => durationOf(run) <= limit);
}

function toTiming({ first, last, totalUs, startUs, runs }: Sum, runCount: number): KernelTiming {
  const { name, op, provider, inputShapes, outputShapes, activationBytes, parameterBytes } = first;
  return {
    name,
    op,
    provider,
    timeMs: totalUs / runCount / 1000,
    startMs: startUs / runs / 1000,
    inputShapes,
    outputShapes,
    activationBytes,
    parameterBytes,
    memory: last.memory,
  };
}

function groupShaders(run: TracedRun): ReadonlyMap<string, readonly GpuEvent[]> {
  const groups = new Map<string, GpuEvent[]>();
  for (const event of run.gpu) {
    const group = groups.get(event.kernel);
    if (group === undefined) groups.set(event.kernel, [event]);
    else group.push(event);
  }
  return groups;
}

/**
 * Durations without those of the kernels that ran within each: an If of 100 µs around a Conv of 80 µs has 20 µs of its own.
 * @param events of one run, in any order; a child lies within its parent's window
 * @returns µs, in the order of the events
 */
export function exclusiveDurations(events: readonly KernelEvent[]): Float64Array {
  const own = Float64Array.from(events, (event) => event.durationUs);
  // a parent may begin in the same microsecond as its first child: the longer one is the parent
  const order = [...events.keys()].sort((a, b) => {
    const difference = events[a]!.startUs - events[b]!.startUs;
    return difference === 0 ? events[b]!.durationUs - events[a]!.durationUs : difference;
  });
  const open: number[] = [];
  for (const index of order) {
    const event = events[index]!;
    while (open.length > 0 && endUs(events[open.at(-1)!]!) < endUs(event)) open.pop();
    const parent = open.at(-1);
    if (parent !== undefined && event.startUs < endUs(events[parent]!)) {
      own[parent] = Math.max(0, own[parent]! - event.durationUs);
    }
    if (nameHasTrait(event.op, 'runsGraphs')) open.push(index);
  }
  return own;
}

function endUs(event: KernelEvent): number {
  return event.startUs + event.durationUs;
}
