import type { RunSettings } from '../contract/machine.ts';
import type { TaskContext } from '../base/progress.ts';
import { latencyPair } from '../judge/pairing.ts';
import { latencyMeasurements, softwareOf } from './measurements.ts';
import type { MeasureContext } from './studio-context.ts';
import { baselineOf, requireOutput, tellTrial } from './trial-state.ts';

/** Times a trial in turns with its baseline, and keeps both times and their ratio under the circumstances that ran. */
export async function measureLatency(
  context: MeasureContext,
  { trialId, settings }: { readonly trialId: string; readonly settings: RunSettings },
  task: TaskContext,
): Promise<void> {
  const { workspace, work } = context;
  const trial = await workspace.trial(trialId);
  const baseline = trial.baseline ? undefined : await baselineOf(context, trial);
  const trialIds = baseline === undefined ? [trialId] : [baseline.id, trialId];
  const paths = await Promise.all(trialIds.map((id) => requireOutput(context, id)));
  const { latencies, ratios, circumstances, machine } = await work.call('latency', { paths, settings }, task);
  const at = Date.now();
  const software = softwareOf(context.version, machine);
  for (const [index, id] of trialIds.entries()) {
    const [latency, ratio, ran] = [latencies[index], ratios[index], circumstances[index]];
    if (latency === undefined || ratio === undefined || ran === undefined) continue;
    const measurements = latencyMeasurements(latency, { trialId: id, circumstances: ran, software, at });
    const against = baseline === undefined || id === baseline.id ? undefined : baseline.id;
    const pairs =
      against === undefined
        ? []
        : [latencyPair({ trialId: id, referenceId: against, circumstances: ran, at }, ratio, latency.runs)];
    await workspace.record(id, { results: { latency: { ...latency, circumstances: ran } }, measurements, pairs, at });
    if (id !== trialId) await tellTrial(context, id);
  }
}
