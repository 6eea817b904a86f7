import type { Graph, Node } from '../graph/ir.ts';
import { usedValues } from '../graph/index-graph.ts';

/**
 * How many of these nodes lie on the longest way to each value of the graph. Nodes of one level do not depend on each
 * other, and depend on those of lower levels only: a round of work takes one level.
 * @returns of a value; 0 where none of the nodes lies before it
 */
export function levelsOf(graph: Graph, counted: ReadonlySet<Node>): (value: string) => number {
  const levels = new Map<string, number>();
  const levelOf = (value: string): number => levels.get(value) ?? 0;
  for (const node of graph.nodes) {
    const before = usedValues(node).reduce((most, value) => Math.max(most, levelOf(value)), 0);
    const level = before + (counted.has(node) ? 1 : 0);
    if (level > 0) for (const output of node.outputs) levels.set(output, level);
  }
  return levelOf;
}

/** The items by level, lower ones first. */
export function byLevel<Item>(items: readonly Item[], levelOf: (item: Item) => number): readonly (readonly Item[])[] {
  const rounds = new Map<number, Item[]>();
  for (const item of items) {
    const level = levelOf(item);
    rounds.set(level, [...(rounds.get(level) ?? []), item]);
  }
  return [...rounds].sort(([a], [b]) => a - b).map(([, round]) => round);
}
