import type { Dim } from '../../../graph/ir.ts';
import { makeConstant, type ConstantValue, type Element } from '../../constant.ts';
import { productOfDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { withDim } from '../../shape.ts';
import { sliceConstant } from '../joining/shape.ts';

/** The different elements, or slices along an axis; where each stands first; which one stands at each place; how often each. */
export function inferUnique(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const stated = context.attributes.int('axis');
  const axis = stated === undefined || shape === undefined ? undefined : context.axis(stated, shape.length);
  const constant = context.constant(0);
  const found = constant === undefined ? undefined : findUnique(constant, axis, context.int('sorted', 1) !== 0);
  if (constant !== undefined && found !== undefined) return foundFacts(constant, axis, found);
  const count = context.openDim();
  const picked = shape === undefined || axis === undefined ? [count] : withDim(shape, axis, count);
  const inverse: Dim = shape === undefined ? null : axis === undefined ? productOfDims(shape) : (shape[axis] ?? null);
  return [
    tensorFacts(context.dtype(0), stated !== undefined && shape === undefined ? undefined : picked),
    tensorFacts('int64', [count]),
    tensorFacts('int64', [inverse]),
    tensorFacts('int64', [count]),
  ];
}

interface Unique {
  /** The elements of each different slice. */
  readonly slices: readonly (readonly Element[])[];
  readonly first: readonly number[];
  readonly inverse: readonly number[];
  readonly counts: readonly number[];
}

/** undefined where an element is not known, or is no number: NaN is equal to nothing. */
function findUnique(constant: ConstantValue, axis: number | undefined, sorted: boolean): Unique | undefined {
  const known = (element: Element): boolean =>
    constant.dtype === 'string' ? element !== null : typeof element === 'number' && !Number.isNaN(element);
  if (!constant.elements.every(known)) return undefined;
  const length = axis === undefined ? constant.elements.length : constant.shape[axis]!;
  const slices = Array.from({ length }, (_, at) =>
    axis === undefined ? [constant.elements[at]!] : sliceConstant(constant, axis, at, 1)!.elements,
  );
  const places = Map.groupBy(slices.keys(), (at) => JSON.stringify(slices[at]));
  const groups = [...places.values()];
  if (sorted) groups.sort(([a = 0], [b = 0]) => compareSlices(slices[a]!, slices[b]!));
  const inverse: number[] = [];
  groups.forEach((group, rank) => group.forEach((at) => (inverse[at] = rank)));
  return {
    slices: groups.map(([at = 0]) => slices[at]!),
    first: groups.map(([at = 0]) => at),
    inverse,
    counts: groups.map((group) => group.length),
  };
}

/** By the first element that differs. */
function compareSlices(a: readonly Element[], b: readonly Element[]): number {
  const at = a.findIndex((element, place) => element !== b[place]);
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
}

function foundFacts(constant: ConstantValue, axis: number | undefined, found: Unique): Facts[] {
  const { slices, first, inverse, counts } = found;
  const count = slices.length;
  const shape = axis === undefined ? [count] : (withDim(constant.shape, axis, count) as number[]);
  const inner = axis === undefined ? 1 : constant.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = axis === undefined ? 1 : constant.shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const elements: Element[] = [];
  for (let row = 0; row < outer; row++) {
    for (const slice of slices) elements.push(...slice.slice(row * inner, (row + 1) * inner));
  }
  const ints = (values: readonly number[]): Facts =>
    tensorFacts('int64', [values.length], makeConstant('int64', [values.length], values));
  return [
    tensorFacts(constant.dtype, shape, makeConstant(constant.dtype, shape, elements)),
    ints(first),
    ints(inverse),
    ints(counts),
  ];
}
