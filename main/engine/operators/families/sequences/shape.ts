import { tensorFacts, UNKNOWN, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { withDim } from '../../shape.ts';

export function sequenceOf(element: Facts | undefined): Facts {
  return {
    kind: 'sequence',
    dtype: undefined,
    shape: undefined,
    element: element === undefined ? undefined : bare(element),
  };
}

/** The type and rank, without a value that only one element has. */
function bare(facts: Facts): Facts {
  return { kind: facts.kind, dtype: facts.dtype, shape: facts.shape };
}

export function sameElements(context: NodeContext): Facts {
  const all = context.inputs.map((facts) => facts ?? UNKNOWN);
  const [first = UNKNOWN] = all;
  const agree = all.every(({ shape }) => shape?.length === first.shape?.length);
  const shape = agree
    ? first.shape?.map((dim, axis) => (all.every((facts) => facts.shape?.[axis] === dim) ? dim : null))
    : undefined;
  return { kind: first.kind, dtype: first.dtype, shape };
}

/** Parts of equal size only when that size is stated; keepdims 0 takes single slices without the axis. */
export function inferSplitToSequence(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [sequenceOf(tensorFacts(context.dtype(0), undefined))];
  const axis = context.axis(context.int('axis', 0), shape.length);
  const single = !context.has(1);
  if (single && context.int('keepdims', 1) === 0) {
    return [
      sequenceOf(
        tensorFacts(
          context.dtype(0),
          shape.filter((_, at) => at !== axis),
        ),
      ),
    ];
  }
  return [sequenceOf(tensorFacts(context.dtype(0), withDim(shape, axis, single ? 1 : null)))];
}

/** Sizes along the axis differ, the others are those of the elements. */
export function inferConcatFromSequence(context: NodeContext): Facts[] {
  const element = context.facts(0).element;
  const shape = element?.shape;
  if (shape === undefined) return [tensorFacts(element?.dtype, undefined)];
  const stack = context.int('new_axis', 0) !== 0;
  const axis = context.axis(context.int('axis', 0), shape.length + (stack ? 1 : 0));
  return [
    tensorFacts(
      element?.dtype,
      stack ? [...shape.slice(0, axis), null, ...shape.slice(axis)] : withDim(shape, axis, null),
    ),
  ];
}

/** The body sees one element of each sequence, other inputs as they are. */
export function inferSequenceMap(context: NodeContext): Facts[] {
  const body = context.attributes.get('body', 'graph');
  if (body === undefined) context.fail('attribute body is missing, expected a graph');
  const given = context.inputs.map((facts) => (facts?.kind === 'sequence' ? facts.element : facts) ?? UNKNOWN);
  const outputs = context.services.inferSubgraph(body, given, null, true);
  return outputs.map((facts) => sequenceOf(facts));
}
