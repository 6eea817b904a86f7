import type { TaskContext } from '../../base/progress.ts';
import { calmMs } from '../../engine/quantize/speed/time-in-turns.ts';
import { summarizeLatency } from '../../engine/profile/latency.ts';
import { runnableSource } from '../../engine/passes/name-nodes.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { runOnMadeInputs } from '../../engine/runtime/run-made.ts';
import type { Runner } from '../../engine/runtime/runner.ts';
import { pairedRatio } from '../../judge/statistics/paired-ratio.ts';
import type { RunSettings } from '../../contract/machine.ts';
import { circumstancesOn } from './circumstances.ts';
import { openRunnable, openShared } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/**
 * Latency of several models, timed in turns on inputs of the same seed, and the ratio of each to the first.
 * @throws what `openRunnable` and the runner throw
 */
export async function latency(
  { paths, settings }: OperationParams<'latency'>,
  { signal, progress }: TaskContext,
): Promise<OperationResult<'latency'>> {
  // Opened first for its clear errors: the runtime's own are about protobuf.
  for (const path of paths) await openRunnable(path, signal);
  return withThreadRunner(signal, async (runner) => {
    const entries = [];
    for (const path of paths) entries.push(await load(runner, path, settings, signal));
    const timings = await runner.timeInterleaved(entries, {}, { signal, onProgress: progress });
    await Promise.all(entries.map(({ session }) => session.close({ signal })));
    const machine = machineInfo(runner.about.onnxruntime, settings);
    const first = timings[0]!.timesMs;
    return {
      calmRatios: timings.map(({ timesMs }) => calmMs(timesMs) / calmMs(first)),
      latencies: timings.map((timing) => summarizeLatency(timing)),
      ratios: timings.map(({ timesMs }, index) =>
        index === 0 ? { value: 1, low: 1, high: 1 } : pairedRatio(timesMs, first),
      ),
      circumstances: entries.map(({ batch, dims }) => circumstancesOn(machine, { batch, dims, turns: true })),
      machine,
    };
  });
}

async function load(runner: Runner, path: string, settings: RunSettings, signal: AbortSignal) {
  const { provider, threads, batch: asked, dims: given } = settings;
  const opened = await openShared(path);
  const session = await runner.load(runnableSource(opened), { provider, threads, takesTurns: true }, { signal });
  const { inputs } = await runOnMadeInputs(session, opened.model, { batch: asked, dims: given }, { signal });
  const { feeds, batch, dims } = inputs;
  return { session, feeds, batch, dims };
}
