/** Where a student is cut to be trained block by block. Pure. */
import { indexGraph, usedValues } from '../graph/index-graph.ts';
import type { Graph } from '../graph/ir.ts';
import type { Match } from './match.ts';

/** A stretch of layers that is trained by itself, towards what the teacher computes at its end. */
export interface Block {
  readonly match: Match;
  /** Initializers that are trained: those that its end depends on, and no earlier one. */
  readonly parameters: readonly string[];
}

/**
 * Cuts a student at the values that are matched, those near the input first. Values between which nothing is trained are left out, and
 * such as are compared through a matrix: with the layers before fixed it could only bend itself.
 * @param matches in the order of the graph
 * @see Li et al. 2021 (BRECQ); Hubara et al. 2021 (layer by layer calibration)
 */
export function blocksOf(graph: Graph, matches: readonly Match[], parameters: readonly string[]): readonly Block[] {
  const left = new Set(parameters);
  return matches.flatMap((match): Block[] => {
    if (match.kind !== 'values' || match.adaptor !== undefined) return [];
    const needed = valuesBefore(graph, match.student);
    const own = parameters.filter((name) => left.has(name) && needed.has(name));
    own.forEach((name) => left.delete(name));
    return own.length === 0 ? [] : [{ match: { ...match, share: 1 }, parameters: own }];
  });
}

/** All values that one depends on. */
function valuesBefore(graph: Graph, value: string): ReadonlySet<string> {
  const index = indexGraph(graph);
  const found = new Set<string>();
  const queue = [value];
  while (queue.length > 0) {
    const next = queue.pop()!;
    if (next === '' || found.has(next)) continue;
    found.add(next);
    const producer = index.producer(next);
    if (producer !== undefined) queue.push(...usedValues(producer));
  }
  return found;
}
