import type { TaskContext } from '../../base/progress.ts';
import { summarizeLatency } from '../../engine/profile/latency.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { makeInputs } from '../../engine/runtime/make-inputs.ts';
import type { Runner } from '../../engine/runtime/runner.ts';
import type { RunSettings } from '../../contract/machine.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** Latency of several models, timed in turns on inputs of the same seed. @throws what `openRunnable` and the runner throw */
export async function latency(
  { paths, settings }: OperationParams<'latency'>,
  { signal, progress }: TaskContext,
): Promise<OperationResult<'latency'>> {
  // Opened first for its clear errors: the runtime's own are about protobuf.
  for (const path of paths) await openRunnable(path);
  return withThreadRunner(signal, async (runner) => {
    const entries = [];
    for (const path of paths) entries.push(await load(runner, path, settings, signal));
    const timings = await runner.timeInterleaved(entries, {}, { signal, onProgress: progress });
    await Promise.all(entries.map(({ session }) => session.close({ signal })));
    const { provider, threads } = settings;
    return {
      latencies: timings.map((timing) => summarizeLatency(timing)),
      machine: machineInfo(runner.about.onnxruntime, { provider, threads }),
    };
  });
}

async function load(runner: Runner, path: string, settings: RunSettings, signal: AbortSignal) {
  const { provider, threads, batch, dims } = settings;
  const session = await runner.load({ path }, { provider, threads, takesTurns: true }, { signal });
  const { feeds } = makeInputs(session.inputs, { batch, dims });
  return { session, feeds };
}
