import type { RunSettings } from '../contract/machine.ts';
import type { TaskContext } from '../base/progress.ts';
import { latencyPair } from '../judge/pairing.ts';
import { latencyMeasurements, softwareOf } from './measurements.ts';
import type { MeasureContext } from './studio-context.ts';
import { baselineOf, requireOutput, tellTrial } from './trial-state.ts';

/**
 * Times trials of one model in turns with their baseline, and keeps all times and their ratios under the circumstances that ran.
 * @returns by trial the share of the baseline's time that it takes in the runs that were disturbed least
 */
export async function measureLatency(
  context: MeasureContext,
  { trialIds: asked, settings }: { readonly trialIds: readonly string[]; readonly settings: RunSettings },
  task: TaskContext,
): Promise<ReadonlyMap<string, number>> {
  const { workspace, work } = context;
  const first = asked[0] === undefined ? undefined : await workspace.trial(asked[0]);
  if (first === undefined) return new Map();
  const baseline = first.baseline ? undefined : await baselineOf(context, first);
  const trialIds = baseline === undefined ? asked : [baseline.id, ...asked];
  const paths = await Promise.all(trialIds.map((id) => requireOutput(context, id)));
  const { latencies, ratios, calmRatios, circumstances, machine } = await work.call(
    'latency',
    { paths, settings },
    task,
  );
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
    if (asked.length > 1 || id !== asked[0]) await tellTrial(context, id);
  }
  return new Map(trialIds.map((id, at) => [id, calmRatios[at]!]));
}
