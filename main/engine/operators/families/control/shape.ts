import type { Dim, Graph, Shape } from '../../../graph/ir.ts';
import { sameDim } from '../../dimension.ts';
import { tensorFacts, UNKNOWN, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { normalizeAxis } from '../../shape.ts';

function subgraph(context: NodeContext, name: string): Graph {
  const graph = context.attributes.get(name, 'graph');
  if (graph === undefined) context.fail(`attribute ${name} is missing, expected a graph`);
  return graph;
}

/** What is true of both. */
function meet(a: Facts, b: Facts): Facts {
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

/** Both branches are inferred; a constant condition decides which one's shapes come out, and that the other never runs. */
export function inferIf(context: NodeContext): Facts[] {
  const [condition] = context.numbers(0) ?? [];
  const infer = (name: string, taken: boolean): readonly Facts[] =>
    context.services.inferSubgraph(subgraph(context, name), [], taken ? 1 : 0, condition === undefined);
  const thenOutputs = infer('then_branch', condition !== 0);
  const elseOutputs = infer('else_branch', condition === undefined || condition === 0);
  if (thenOutputs.length !== elseOutputs.length) {
    context.fail(`then_branch has ${thenOutputs.length} outputs, else_branch ${elseOutputs.length}, expected as many`);
  }
  return thenOutputs.map((facts, index) => {
    const other = elseOutputs[index] ?? UNKNOWN;
    if (condition !== undefined) return withoutOrigin(condition !== 0 ? facts : other);
    return meet(facts, other);
  });
}

/** An initializer inside of a subgraph is not one outside. */
function withoutOrigin(facts: Facts): Facts {
  const { kind, dtype, shape, element } = facts;
  return { kind, dtype, shape, ...(element === undefined ? {} : { element }) };
}

/** Widens carried values until an iteration no longer changes their shapes; sizes only ever open, so it ends. */
function settleCarried(
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

/** Loop(M, cond, carried…): body(iteration, cond, carried…) gives cond, carried…, scanned… */
export function inferLoop(context: NodeContext): Facts[] {
  const body = subgraph(context, 'body');
  const carried = context.inputs.slice(2).map((facts) => facts ?? UNKNOWN);
  const [trips] = context.has(0) ? (context.dims(0) ?? []) : [];
  const endless = context.has(1) && body.outputs[0]?.name !== body.inputs[1]?.name;
  const count: Dim = endless && !constantlyTrue(context) ? null : (trips ?? null);
  const counter = tensorFacts('int64', []);
  const condition = tensorFacts('bool', []);
  const outputs = settleCarried(carried, (values) =>
    context.services.inferSubgraph(body, [counter, condition, ...values], count).slice(1),
  );
  return outputs.map((facts, index) => {
    const plain = withoutOrigin(facts);
    if (index < carried.length) return meet(plain, withoutOrigin(carried[index] ?? UNKNOWN));
    return { ...plain, shape: plain.shape === undefined ? undefined : [count, ...plain.shape] };
  });
}

/** Without a condition input the loop runs M times; a body may still end it early. */
function constantlyTrue(context: NodeContext): boolean {
  return !context.has(1);
}

/** Scan(states…, scanned inputs…): the body sees one slice of each scanned input. */
export function inferScan(context: NodeContext): Facts[] {
  const body = subgraph(context, 'body');
  const scannedCount = context.int('num_scan_inputs', 1);
  // Opset 8 has a leading sequence_lens input and a batch axis.
  const legacy = context.opset < 9;
  const inputs = context.inputs.slice(legacy ? 1 : 0).map((facts) => facts ?? UNKNOWN);
  const states = inputs.slice(0, inputs.length - scannedCount);
  const scanned = inputs.slice(inputs.length - scannedCount);
  const inputAxes = context.ints('scan_input_axes') ?? [];
  const outputAxes = context.ints('scan_output_axes') ?? [];
  const axisOf = (shape: Shape, index: number): number =>
    legacy ? 1 : (normalizeAxis(inputAxes[index] ?? 0, shape.length) ?? 0);
  const lengths = scanned.flatMap(({ shape }, index): Dim[] =>
    shape === undefined ? [] : [shape[axisOf(shape, index)] ?? null],
  );
  const length = lengths.find((dim) => typeof dim === 'number') ?? lengths[0] ?? null;
  const slices = scanned.map((facts, index): Facts => {
    const { dtype, shape } = facts;
    if (shape === undefined) return tensorFacts(dtype, undefined);
    const axis = axisOf(shape, index);
    return tensorFacts(
      dtype,
      shape.filter((_, at) => at !== axis && !(legacy && at === 0)),
    );
  });
  const batch = legacy ? (inputs[0]?.shape?.[0] ?? null) : null;
  const inner = legacy ? states.map(({ dtype, shape }) => tensorFacts(dtype, shape?.slice(1))) : states;
  const outputs = settleCarried(inner, (values) =>
    context.services.inferSubgraph(body, [...values, ...slices], length),
  );
  return outputs.map((facts, index) => {
    const { dtype, shape } = facts;
    if (shape === undefined) return tensorFacts(dtype, undefined);
    if (index < states.length) return tensorFacts(dtype, legacy ? [batch, ...shape] : shape);
    if (legacy) return tensorFacts(dtype, [batch, length, ...shape]);
    const axis = normalizeAxis(outputAxes[index - states.length] ?? 0, shape.length + 1) ?? 0;
    return tensorFacts(dtype, [...shape.slice(0, axis), length, ...shape.slice(axis)]);
  });
}
