/** Graphs that a node holds, and what becomes of facts on their way in and out. */
import type { Graph, Shape } from '../../../graph/ir.ts';
import { sameDim } from '../../dimension.ts';
import { UNKNOWN, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';

/** The graph in that attribute; a problem when there is none. */
export function subgraph(context: NodeContext, name: string): Graph {
  const graph = context.attributes.get(name, 'graph');
  if (graph === undefined) context.fail(`attribute ${name} is missing, expected a graph`);
  return graph;
}

/** What is true of both. */
export function meet(a: Facts, b: Facts): Facts {
  const dtype = a.dtype === b.dtype ? a.dtype : undefined;
  const { element } = a;
  return {
    kind: a.kind,
    dtype,
    shape: meetShapes(a.shape, b.shape),
    ...(element === undefined ? {} : { element: b.element === undefined ? element : meet(element, b.element) }),
  };
}

function meetShapes(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return a.map((dim, axis) => (sameDim(dim, b[axis] ?? null) ? dim : null));
}

/** An initializer inside of a subgraph is not one outside. */
export function withoutOrigin(facts: Facts): Facts {
  const { kind, dtype, shape, element } = facts;
  return { kind, dtype, shape, ...(element === undefined ? {} : { element }) };
}

/** What a graph that surely runs gives, with its value where that is known. */
export function heldOutside(context: NodeContext, facts: Facts): Facts {
  const constant =
    facts.constant ?? (facts.initializer === undefined ? undefined : context.services.readTensor(facts.initializer));
  return constant === undefined ? withoutOrigin(facts) : { ...withoutOrigin(facts), constant };
}

/** Widens carried values until an iteration no longer changes their shapes; sizes only ever open, so it ends. */
export function settleCarried(
  carried: readonly Facts[],
  infer: (carried: readonly Facts[]) => readonly Facts[],
): readonly Facts[] {
  let current = carried.map(withoutOrigin);
  let outputs = infer(current);
  for (let round = 0; round < 3; round++) {
    const widened = current.map((facts, index) => meet(facts, outputs[index] ?? UNKNOWN));
    const stable = widened.every((facts, index) => sameFacts(facts, current[index] ?? UNKNOWN));
    if (stable) return outputs;
    current = widened;
    outputs = infer(current);
  }
  return outputs;
}

function sameFacts(a: Facts, b: Facts): boolean {
  if (a.dtype !== b.dtype || a.shape?.length !== b.shape?.length) return false;
  return (
    a.shape === undefined ||
    a.shape.every((dim, axis) => dim === b.shape?.[axis] || (dim === null && b.shape?.[axis] === null))
  );
}
