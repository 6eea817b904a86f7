import type { TaskContext } from '../../base/progress.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { sourcesOf, type Sources } from '../passes/pass.ts';
import type { Runner } from '../runtime/runner.ts';
import { executedModel } from './check-fusion.ts';

/**
 * A model with pairs as the integer operators that the runtime makes of them (QLinearConv, QLinearAdd, …), written out by the
 * runtime itself, one level below the layouts of a machine. Such a model needs no fusing when it is loaded, and runs on this
 * runtime alone: most of these operators are its own.
 * @param sources of the model's nodes
 * @returns the model and the sources of its nodes: by their name, or by the value that they give
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_DIED, CANCELLED
 */
export async function asOperators(
  { model, sources }: { readonly model: Model; readonly sources: Sources },
  runner: Runner,
  context: TaskContext,
): Promise<{ readonly model: Model; readonly sources: Sources }> {
  const executed = await executedModel(model, runner, context);
  const written = indexGraph(model.graph);
  const own = new Map<string, readonly string[]>();
  for (const { name, outputs } of executed.graph.nodes) {
    const source =
      written.nodeByName(name) ?? outputs.map((value) => written.producer(value)).find((node) => node !== undefined);
    if (source !== undefined) own.set(name, sourcesOf(sources, source.name));
  }
  return { model: executed, sources: own };
}
