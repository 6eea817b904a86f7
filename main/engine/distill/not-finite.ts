import { TRAINING_SESSION } from '../autograd/training-session.ts';
import { numbersOf } from '../dataset/model-outputs.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { isWeighted } from '../layers/waists.ts';
import { loadTapped } from './shapes.ts';

/** The first layer, in the order of the graph, whose output is not finite on these samples; undefined: all are. */
export async function firstNotFinite(
  model: Model,
  feeds: HostTensors,
  { runner, signal }: { readonly runner: Runner; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const index = indexGraph(model.graph);
  const layers = model.graph.nodes.filter((node) => isWeighted(index, node));
  const values = layers.map(({ outputs }) => outputs[0] ?? '');
  const session = await loadTapped(runner, model, values, TRAINING_SESSION, signal);
  try {
    const outputs = await session.run(feeds, { outputs: values, signal });
    const isBad = (value: string): boolean => numbersOf(outputs[value]!).some((element) => !Number.isFinite(element));
    return layers.find(({ outputs: [value = ''] }) => isBad(value))?.name;
  } finally {
    if (runner.alive) await session.close();
  }
}
