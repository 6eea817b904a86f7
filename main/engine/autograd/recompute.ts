import { allValueNames } from '../graph/index-graph.ts';
import type { Graph, Model, Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import { GraphWriter } from '../operators/graph-writer.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';

/** A run of forward nodes, [start, end). */
interface Segment {
  readonly start: number;
  readonly end: number;
}

export interface RecomputeOptions {
  /** How many of the first nodes are the forward pass; the others are backward. */
  readonly forward: number;
  /** How many segments the forward pass is cut into. */
  readonly segments: number;
  readonly bytesOf: (value: string) => number;
}

/**
 * Trades time for memory: of the forward pass only what crosses the borders of segments is kept; what the backward pass needs
 * from within a segment is computed again when its gradient arrives there. Cut where least crosses, into segments that keep
 * about equally much: with √n of n, memory grows with √n and the forward pass runs nearly twice.
 * The last segment, and such as draw at random, are kept.
 * @see Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost
 */
export function recompute(model: Model, options: RecomputeOptions): Model {
  const { graph } = model;
  const forward = graph.nodes.slice(0, options.forward);
  const backward = graph.nodes.slice(options.forward);
  const kept = keptValues(graph, options.forward);
  const segments = cut(forward, kept, options).slice(0, -1);
  const write = new GraphWriter({ taken: allValueNames(graph), opset: defaultOpset(model), prefix: 'again' });
  const before = new Map<number, Node[]>();
  const renamed = new Map<string, string>();
  for (const segment of segments) again(segment);

  const nodes = backward.flatMap((node, at) => [
    ...(before.get(at) ?? []),
    node.inputs.some((input) => renamed.has(input))
      ? { ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) }
      : node,
  ]);
  return {
    ...model,
    graph: { ...graph, nodes: [...forward, ...nodes], initializers: [...graph.initializers, ...write.initializers] },
  };

  function again({ start, end }: Segment): void {
    const inside = new Map(
      forward.slice(start, end).flatMap((node) => node.outputs.map((output) => [output, node] as const)),
    );
    const later = new Set(forward.slice(end).flatMap((node) => node.inputs));
    const needed = [...inside.keys()].filter((value) => kept.has(value) && !later.has(value));
    const first = backward.findIndex((node) => node.inputs.some((input) => needed.includes(input)));
    if (first < 0) return;
    const made = new Set(backward.flatMap((node) => node.outputs));
    // what is computed right before, of a gradient: the segment waits for it
    const gradient = backward.slice(0, first).findLast((node) => node.inputs.some((input) => made.has(input)))
      ?.outputs[0];
    const slice = sliceOf(needed, inside, later);
    if (gradient === undefined || slice.some((node) => hasTrait(node, 'random'))) return;

    const names = new Map<string, string>();
    const produced = new Set(forward.slice(0, start).flatMap((node) => node.outputs));
    const fed = new Set(graph.inputs.map(({ name }) => name));
    const stored = new Set(graph.initializers.map(({ name }) => name));
    const from = write.nodes.length;
    const zero = write.afterwards(gradient);
    const inputOf = (value: string): string => {
      if (names.has(value)) return names.get(value)!;
      if (inside.has(value) && !later.has(value)) return value;
      if (stored.has(value) || !(produced.has(value) || fed.has(value) || later.has(value))) return value;
      // What is kept is seen through a view that waits for the gradient: else the runtime would compute all again at once.
      const view = write.reshape(value, write.add(write.shape(value), zero));
      names.set(value, view);
      return view;
    };
    const copies = slice.map((node) => {
      const inputs = node.inputs.map((input) => (input === '' ? '' : inputOf(input)));
      const outputs = node.outputs.map((output) => {
        if (output === '') return '';
        const name = write.fresh(`${output}/again`);
        if (!later.has(output)) names.set(output, name);
        return name;
      });
      return { ...node, name: `${node.name}/again`, inputs, outputs };
    });
    const views = write.nodes.splice(from);
    before.set(first, [...(before.get(first) ?? []), ...views, ...copies]);
    for (const value of needed) renamed.set(value, names.get(value)!);
  }
}

/** Values of the forward pass that the backward pass uses. */
export function keptValues(graph: Graph, forward: number): ReadonlySet<string> {
  const made = new Set(graph.nodes.slice(0, forward).flatMap((node) => node.outputs));
  const kept = graph.nodes
    .slice(forward)
    .flatMap((node) => node.inputs.filter((input) => input !== '' && made.has(input)));
  return new Set(kept);
}

/** Nodes that some values are computed by, within a segment, from what is kept; in its order. */
function sliceOf(
  values: readonly string[],
  inside: ReadonlyMap<string, Node>,
  stays: ReadonlySet<string>,
): readonly Node[] {
  const wanted = new Set<Node>();
  const queue = [...values];
  while (queue.length > 0) {
    const node = inside.get(queue.pop()!);
    if (node === undefined || wanted.has(node)) continue;
    wanted.add(node);
    queue.push(...node.inputs.filter((input) => !stays.has(input)));
  }
  return [...new Set(inside.values())].filter((node) => wanted.has(node));
}

/** Segments that keep about equally much, cut where least crosses nearby. */
function cut(
  forward: readonly Node[],
  kept: ReadonlySet<string>,
  { segments, bytesOf }: RecomputeOptions,
): readonly Segment[] {
  const lastUse = new Map<string, number>();
  forward.forEach((node, at) => node.inputs.forEach((input) => lastUse.set(input, at)));
  const crossing: number[] = [];
  const sums: number[] = [];
  let [live, total] = [0, 0];
  const dying = new Map<number, number>();
  forward.forEach((node, at) => {
    for (const output of node.outputs) {
      if (output === '') continue;
      const bytes = bytesOf(output);
      if (kept.has(output)) total += bytes;
      const until = lastUse.get(output);
      if (until === undefined) continue;
      live += bytes;
      dying.set(until, (dying.get(until) ?? 0) + bytes);
    }
    live -= dying.get(at) ?? 0;
    crossing.push(live);
    sums.push(total);
  });
  const ends = new Set<number>();
  for (let part = 1; part < segments; part++) {
    const [low, high] = [(part - 0.5) / segments, (part + 0.5) / segments].map((share) => share * total);
    let best = -1;
    for (let at = 0; at < forward.length - 1; at++) {
      if (sums[at]! < low! || sums[at]! > high!) continue;
      if (best < 0 || crossing[at]! < crossing[best]!) best = at;
    }
    if (best >= 0) ends.add(best + 1);
  }
  const borders = [0, ...[...ends].sort((a, b) => a - b), forward.length];
  return borders.slice(1).map((end, at) => ({ start: borders[at]!, end }));
}
