import type { Model } from '../graph/ir.ts';
import type { RunnerSource } from '../runtime/runner-pool.ts';

/**
 * Which layers of the source model a node stands for, by the node's name. A node that is not in the map stands for the layer
 * of its own name.
 */
export type Sources = ReadonlyMap<string, readonly string[]>;

/** Where passes may run something, and when they stop. */
export interface PassContext {
  readonly runners: RunnerSource;
  readonly signal: AbortSignal;
}

export interface PassResult {
  /** Computes what the model before computed; that one itself when there was nothing to do. */
  readonly model: Model;
  readonly sources: Sources;
  /** What a user should know, one sentence each. */
  readonly notes: readonly string[];
}

/** Model → model of the same meaning, every node of the main graph named uniquely. */
export type Pass = (model: Model, context: PassContext) => PassResult | Promise<PassResult>;

/** The result of a pass that had nothing to do. */
export function unchanged(model: Model): PassResult {
  return { model, sources: new Map(), notes: [] };
}

/** The sources of the nodes after two passes, each layer once. */
export function composeSources(first: Sources, second: Sources): Sources {
  if (second.size === 0) return first;
  const composed = new Map(first);
  for (const [node, between] of second) {
    composed.set(node, [...new Set(between.flatMap((name) => first.get(name) ?? [name]))]);
  }
  return composed;
}

/** The layers of the source that a node stands for. */
export function sourcesOf(sources: Sources, node: string): readonly string[] {
  return sources.get(node) ?? [node];
}

/** Runs passes one after the other. @throws what they throw */
export async function runPasses(model: Model, passes: readonly Pass[], context: PassContext): Promise<PassResult> {
  let result = unchanged(model);
  for (const pass of passes) {
    const next = await pass(result.model, context);
    result = {
      model: next.model,
      sources: composeSources(result.sources, next.sources),
      notes: [...result.notes, ...next.notes],
    };
  }
  return result;
}
