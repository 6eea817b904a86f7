import type { RecordedRun } from '../../contract/profile-parts.ts';
import { executionsOf, isGpuTimed } from './kernels.ts';
import type { TracedRun } from './trace.ts';

/** A traced run with what is known of it beside the trace. */
export interface RunToRecord {
  readonly run: TracedRun;
  readonly use: RecordedRun['use'];
  /** By the caller's clock; null: not read. */
  readonly wallMs: number | null;
}

/**
 * Runs as a profile keeps them: each execution by the place of its kernel.
 * @param names of the profile's kernels in their order; executions of others are left out
 */
export function recordRuns(runs: readonly RunToRecord[], names: readonly string[]): RecordedRun[] {
  const places = new Map(names.map((name, place) => [name, place]));
  const gpuTimed = isGpuTimed(runs.map(({ run }) => run));
  return runs.map(({ run, use, wallMs }) => {
    const executions = executionsOf(run, gpuTimed)
      .filter(({ event }) => places.has(event.name))
      .sort((a, b) => a.startUs - b.startUs);
    return {
      use,
      wallUs: wallMs === null ? null : Math.round(wallMs * 1000),
      runUs: run.durationUs,
      executeUs: run.executeUs,
      kernels: executions.map(({ event }) => places.get(event.name)!),
      startsUs: executions.map(({ startUs }) => startUs),
      durationsUs: executions.map(({ event, ownUs }) => (gpuTimed ? ownUs : event.durationUs)),
      ownUs: executions.map(({ ownUs }) => ownUs),
    };
  });
}
