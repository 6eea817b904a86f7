import { usedValues } from './index-graph.ts';
import type { Node } from './ir.ts';
import type { ProblemList } from './problem.ts';

/** The nodes that each node waits for, by place, found through the values that it uses. */
function dependencies(nodes: readonly Node[]): readonly (readonly number[])[] {
  const producers = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    for (const output of node.outputs) if (output !== '' && !producers.has(output)) producers.set(output, index);
  }
  return nodes.map((node) => {
    const before = new Set<number>();
    for (const value of usedValues(node)) {
      const producer = producers.get(value);
      if (producer !== undefined) before.add(producer);
    }
    return [...before];
  });
}

/** Nodes that can never run: Kahn's algorithm leaves over the cycles and what follows from them. Linear time. */
function unreachable(waitsFor: readonly (readonly number[])[]): ReadonlySet<number> {
  const missing = waitsFor.map((before) => before.length);
  const followers: number[][] = waitsFor.map(() => []);
  for (const [index, before] of waitsFor.entries()) for (const producer of before) followers[producer]!.push(index);
  const ready = [...missing.keys()].filter((index) => missing[index] === 0);
  for (let at = 0; at < ready.length; at++) {
    for (const follower of followers[ready[at]!]!) if (--missing[follower]! === 0) ready.push(follower);
  }
  const left = new Set(missing.keys());
  for (const index of ready) left.delete(index);
  return left;
}

/** Walks backwards within what is left over until a node comes again: from there on it is a cycle. */
function findCycle(waitsFor: readonly (readonly number[])[], left: ReadonlySet<number>): readonly number[] {
  const path: number[] = [];
  const places = new Map<number, number>();
  let [current] = left;
  while (current !== undefined && !places.has(current)) {
    places.set(current, path.length);
    path.push(current);
    current = waitsFor[current]!.find((producer) => left.has(producer));
  }
  return current === undefined ? [] : path.slice(places.get(current)!).reverse();
}

/**
 * Lists a cycle, or else the nodes that stand before one whose output they use.
 * @param nameOf what to call the node at a place
 * @returns the layer names are given by `layerOf`, null in functions
 */
export function checkOrder(
  nodes: readonly Node[],
  names: { readonly nameOf: (index: number) => string; readonly layerOf: (index: number) => string | null },
  problems: ProblemList,
): void {
  const waitsFor = dependencies(nodes);
  const late = [...waitsFor.keys()].filter((index) => waitsFor[index]!.some((producer) => producer >= index));
  if (late.length === 0) return;
  const left = unreachable(waitsFor);
  if (left.size > 0) {
    const cycle = findCycle(waitsFor, left);
    const shown = cycle.slice(0, 6).map(names.nameOf);
    const ring = `${shown.join(' → ')}${cycle.length > 6 ? ` → … (${cycle.length} nodes)` : ''} → ${shown[0]}`;
    problems.add('CYCLE', 'error', `The graph runs in a circle: ${ring}`, names.layerOf(cycle[0]!));
    return;
  }
  for (const index of late) {
    const producer = waitsFor[index]!.find((place) => place >= index)!;
    const message = `'${names.nameOf(index)}' stands before '${names.nameOf(producer)}', whose output it uses`;
    problems.add('NOT_TOPOLOGICAL', 'warning', message, names.layerOf(index));
  }
}
