import type { Model } from '../graph/ir.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { RunnerCallOptions } from '../runtime/protocol.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { SessionSettings } from '../runtime/settings.ts';
import { attributeKernels } from './attribute.ts';
import { exclusiveDurations, sumKernels, undisturbedRuns } from './kernels.ts';
import { measureProfiled } from './measure.ts';
import { tracedRuns, type TracedRun } from './trace.ts';

/** A kernel as it ran. */
export interface ClockedKernel {
  readonly op: string;
  /** The nodes of the model that it executes. */
  readonly sources: readonly string[];
  readonly timeMs: number;
}

/** How a model is run for it. */
export interface ClockedRuns {
  readonly feeds: HostTensors;
  readonly runs: number;
  /** null: one for each physical core. */
  readonly threads: number | null;
  readonly optimization?: SessionSettings['optimization'];
}

/**
 * Milliseconds of each kernel of a model under the profiler. Of each kernel's runs the one at a tenth from the fastest counts: kernels of
 * some microseconds are held up for milliseconds on a machine that does other work too, which a mean would be made of.
 * @param model every node named
 */
export async function clockKernels(
  model: Model,
  { feeds, runs, threads, optimization = 'all' }: ClockedRuns,
  runner: Runner,
  call: RunnerCallOptions,
): Promise<readonly ClockedKernel[]> {
  const settings = { provider: 'cpu', threads, optimization } as const;
  const profiled = await measureProfiled(runner, { source: sourceOfModel(model), settings, feeds, runs }, call);
  const timed = tracedRuns(profiled.events).slice(-profiled.timing.timesMs.length);
  const counted = undisturbedRuns(timed, (run) => run.durationUs);
  const { kernels } = sumKernels(counted);
  const attributions = attributeKernels(model, profiled.optimised, kernels);
  const times = calmTimes(counted);
  return kernels.map(({ name, op }, at) => ({
    op,
    sources: attributions[at]!.sources,
    timeMs: (times.get(name) ?? 0) / 1000,
  }));
}

/** µs by kernel: all executions within a run added up, and of the runs the one at a tenth. */
function calmTimes(runs: readonly TracedRun[]): ReadonlyMap<string, number> {
  const series = new Map<string, Float64Array>();
  for (const [at, { kernels }] of runs.entries()) {
    const own = exclusiveDurations(kernels);
    for (const [place, { name }] of kernels.entries()) {
      const times = series.get(name) ?? new Float64Array(runs.length);
      series.set(name, times);
      times[at]! += own[place]!;
    }
  }
  return new Map([...series].map(([name, times]) => [name, times.sort()[Math.floor(times.length / 10)]!]));
}
