import type { Model, Node } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import type { InferredValue } from '../operators/inference.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { hasNamesakes, nameNodes } from '../passes/name-nodes.ts';
import { runPasses, type PassContext, type Sources } from '../passes/pass.ts';

/** A model whose weights can be found, and how its nodes are called in terms of the source. */
export interface PrunableModel {
  readonly model: Model;
  readonly sources: Sources;
  readonly notes: readonly string[];
  /** The layer of the source that a node stands for, and its operator. @param layer the node's own layer name */
  readonly layerOf: (node: Node, layer: string) => { readonly name: string; readonly op: string };
}

/**
 * Puts functions in the place of their calls, computes weights that follow from constants (weight_norm), and tells namesakes
 * apart, which the runtime refuses. Weights that are only moved or converted stay as they are stored. A model without any
 * of these stays what it is, and no runner is asked for.
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function preparePruning(source: Model, context: PassContext): Promise<PrunableModel> {
  const fold = (model: Model): ReturnType<typeof foldConstants> =>
    foldConstants(model, context, { keepMoved: true, wanted: isWeight });
  // Where there is nothing else to do, nameless nodes stay nameless.
  const untouched = source.functions.length === 0 && !hasNamesakes(source) && (await fold(source)).model === source;
  const prepared = untouched
    ? { model: source, sources: new Map<string, readonly string[]>(), notes: [] }
    : await runPasses(source, [nameNodes, inlineFunctions, fold], context);
  return { ...prepared, layerOf: layerNamer(source, prepared.sources) };
}

function isWeight({ dtype, shape }: InferredValue): boolean {
  return dtype !== undefined && /float/.test(dtype) && (shape?.length ?? 0) >= 2;
}

function layerNamer(source: Model, sources: Sources): PrunableModel['layerOf'] {
  const operators = new Map<string, string>();
  for (const { node, layer } of walkNodes(source)) operators.set(layer, node.opType);
  return (node, layer) => {
    const name = sources.get(node.name)?.[0] ?? layer;
    return { name, op: operators.get(name) ?? node.opType };
  };
}
