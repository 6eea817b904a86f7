import type { Dim, Shape } from '../../../graph/ir.ts';
import { tensorFacts, UNKNOWN, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { normalizeAxis } from '../../shape.ts';
import { heldOutside, meet, settleCarried, subgraph } from './body.ts';

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
    if (condition !== undefined) return heldOutside(context, condition !== 0 ? facts : other);
    return meet(facts, other);
  });
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
