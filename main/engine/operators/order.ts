import { filled } from './filled.ts';
import type { Node } from '../graph/ir.ts';

const orders = new WeakMap<readonly Node[], readonly Node[]>();

/**
 * The nodes so that values are made before they are used. ONNX asks for that order in the file, and then the same array
 * comes back; files that break it still load in ONNX Runtime. Nodes of a cycle come last, in the file's order.
 * Linear time, no recursion; remembered for the array.
 */
export function topologicalOrder(nodes: readonly Node[]): readonly Node[] {
  const known = orders.get(nodes);
  if (known !== undefined) return known;
  const order = orderOf(nodes);
  orders.set(nodes, order);
  return order;
}

function orderOf(nodes: readonly Node[]): readonly Node[] {
  const producers = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const output of node.outputs) if (output !== '' && !producers.has(output)) producers.set(output, index);
  });
  const sorted = nodes.every((node, index) => node.inputs.every((input) => (producers.get(input) ?? -1) < index));
  if (sorted) return nodes;

  const waiting = filled<number>(nodes.length, 0);
  const followers: number[][] = nodes.map(() => []);
  nodes.forEach((node, index) => {
    for (const input of new Set(node.inputs)) {
      const producer = producers.get(input);
      if (producer === undefined) continue;
      followers[producer]?.push(index);
      waiting[index] = (waiting[index] ?? 0) + 1;
    }
  });
  const ready = nodes.flatMap((_, index) => (waiting[index] === 0 ? [index] : []));
  const done = new Set<number>();
  for (let next = 0; next < ready.length; next++) {
    const index = ready[next]!;
    done.add(index);
    for (const follower of followers[index] ?? []) {
      waiting[follower] = (waiting[follower] ?? 0) - 1;
      if (waiting[follower] === 0) ready.push(follower);
    }
  }
  nodes.forEach((_, index) => {
    if (!done.has(index)) ready.push(index);
  });
  return ready.map((index) => nodes[index]!);
}
