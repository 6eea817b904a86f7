import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { attributeKernels } from './attribute.ts';
import { sumKernels } from './kernels.ts';
import { mainLayer, type LayerFacts } from './layer-times.ts';
import { measureProfiled } from './measure.ts';
import { tracedRuns } from './trace.ts';

/**
 * Milliseconds that each node of a model takes under the profiler, mean over some runs; what was fused counts for the node
 * with the most multiply–accumulates.
 * @param facts of every node that may take time, by its name
 * @returns by node name; nodes that are not named took no time of their own
 */
export async function clockLayers(
  model: Model,
  {
    feeds,
    runs,
    threads,
    facts,
  }: {
    readonly feeds: HostTensors;
    readonly runs: number;
    readonly threads: number | null;
    readonly facts: ReadonlyMap<string, LayerFacts>;
  },
  runner: Runner,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<ReadonlyMap<string, number>> {
  const settings = { provider: 'cpu', threads } as const;
  const profiled = await measureProfiled(runner, { source: sourceOfModel(model), settings, feeds, runs }, { signal });
  const counted = tracedRuns(profiled.events).slice(-profiled.timing.timesMs.length);
  const { kernels } = sumKernels(counted);
  const attributions = attributeKernels(model, profiled.optimised, kernels);
  const times = new Map<string, number>();
  for (const [at, kernel] of kernels.entries()) {
    const main = mainLayer({ ...kernel, sources: attributions[at]!.sources }, facts);
    if (main !== undefined) times.set(main, (times.get(main) ?? 0) + kernel.timeMs);
  }
  return times;
}
