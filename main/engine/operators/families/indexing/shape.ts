import { filled } from '../../filled.ts';
import type { Dim } from '../../../graph/ir.ts';
import { forEachIndex, makeConstant, stridesOf, type ConstantValue, type Element } from '../../constant.ts';
import { addDims, ceilDivideDims, sameDim, subtractDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { formatShape, withDim } from '../../shape.ts';
import { sliceConstant } from '../joining/shape.ts';

interface SliceRange {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: Dim;
}

/** Starts, ends, axes and steps: attributes before opset 10, inputs since. undefined when axes or counts are unknown. */
function sliceRanges(context: NodeContext, rank: number): readonly SliceRange[] | undefined {
  const inputs = context.has(1) || context.has(2);
  const starts = inputs ? context.dims(1) : context.ints('starts');
  const ends = inputs ? context.dims(2) : context.ints('ends');
  const count = starts?.length ?? ends?.length ?? (inputs ? context.dim(1, 0) : undefined);
  if (typeof count !== 'number') return undefined;
  const stated = inputs ? (context.has(3) ? context.numbers(3) : null) : (context.ints('axes') ?? null);
  if (stated === undefined) return undefined;
  const axes = stated ?? Array.from({ length: count }, (_, axis) => axis);
  if (axes.length !== count) context.fail(`it has ${count} starts and ${axes.length} axes, expected as many`);
  const steps = context.has(4) ? context.dims(4) : filled<Dim>(count, 1);
  return context.axes(axes, rank).map((axis, at) => ({
    axis,
    start: starts?.[at] ?? null,
    end: ends?.[at] ?? null,
    step: steps?.[at] ?? null,
  }));
}

const FAR = 2 ** 31 - 1;

/** Number of elements that a slice leaves of `size`; negative places count from the end, places outside are cut. */
function sliceSize(context: NodeContext, size: Dim, { start, end, step }: SliceRange): Dim {
  if (step === 0) context.fail('a step is 0, expected another number');
  if (typeof size === 'number' && typeof start === 'number' && typeof end === 'number' && typeof step === 'number') {
    const [from, to] = clampRange(size, start, end, step);
    return Math.max(0, Math.ceil((to - from) / step));
  }
  if (step === -1 && start === -1 && typeof end === 'number' && end <= -FAR) return size;
  if (typeof step !== 'number' || step < 0) return null;
  // With symbols nothing can be cut: places are taken to lie inside, an end only where that is sure.
  const from = typeof start === 'number' && start < 0 ? addDims(size, start) : start;
  return ceilDivideDims(subtractDims(symbolicEnd(size, end), from), step);
}

function symbolicEnd(size: Dim, end: Dim): Dim {
  if (typeof end !== 'number') return sameDim(size, end) ? size : null;
  if (end >= FAR) return size;
  if (end < 0) return addDims(size, end);
  return end === 0 ? 0 : null;
}

/** From and to, cut to the tensor, as ONNX Slice-13 states. */
function clampRange(size: number, start: number, end: number, step: number): [number, number] {
  const place = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + size : at, low), high);
  return step > 0
    ? [place(start, 0, size), place(end, 0, size)]
    : [place(start, 0, size - 1), place(end, -1, size - 1)];
}

export function inferSlice(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const ranges = sliceRanges(context, shape.length);
  if (ranges === undefined) return [tensorFacts(context.dtype(0), filled<Dim>(shape.length, null))];
  const result = [...shape];
  let constant = context.constant(0);
  for (const range of ranges) {
    const size = sliceSize(context, shape[range.axis] ?? null, range);
    result[range.axis] = size;
    constant = sliceByRange(constant, range, size);
  }
  return [tensorFacts(context.dtype(0), result, constant)];
}

function sliceByRange(constant: ConstantValue | undefined, range: SliceRange, size: Dim): ConstantValue | undefined {
  const { start, end, step, axis } = range;
  if (constant === undefined || typeof size !== 'number') return undefined;
  if (typeof start !== 'number' || typeof end !== 'number' || typeof step !== 'number') return undefined;
  const [from] = clampRange(constant.shape[axis] ?? 0, start, end, step);
  return sliceConstant(constant, axis, from, size, step);
}

export function inferGather(context: NodeContext): Facts[] {
  const data = context.shape(0);
  const indices = context.shape(1);
  if (data === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const axis = context.axis(context.int('axis', 0), data.length);
  requirePlaces(context, axis, data[axis] ?? null);
  const shape = indices === undefined ? undefined : [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)];
  return [tensorFacts(context.dtype(0), shape, gatherConstant(context, axis))];
}

/** Indices that follow from the graph alone must be places of the axis: positions beyond a table of positions, say, are not. */
function requirePlaces(context: NodeContext, axis: number, size: Dim): void {
  if (typeof size !== 'number') return;
  for (const index of context.numbers(1) ?? []) {
    if (index < -size || index >= size)
      context.fail(`index ${index} is outside of axis ${axis}, which has size ${size}`);
  }
}

function gatherConstant(context: NodeContext, axis: number): ConstantValue | undefined {
  const indices = context.constant(1);
  const picked = context.numbers(1);
  // Embedding tables are not unpacked for a look-up that is not constant.
  const data = picked === undefined ? undefined : context.constant(0);
  if (data === undefined || indices === undefined || picked === undefined) return undefined;
  const size = data.shape[axis] ?? 0;
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  const strides = stridesOf(data.shape);
  const pickedStrides = stridesOf(indices.shape);
  const elements: Element[] = [];
  forEachIndex(shape, (index) => {
    let place = 0;
    indices.shape.forEach((_, at) => (place += (index[axis + at] ?? 0) * (pickedStrides[at] ?? 0)));
    const chosen = picked[place] ?? 0;
    let offset = (chosen < 0 ? chosen + size : chosen) * (strides[axis] ?? 1);
    for (let at = 0; at < axis; at++) offset += (index[at] ?? 0) * (strides[at] ?? 0);
    for (let at = axis + 1; at < data.shape.length; at++) {
      offset += (index[at - 1 + indices.shape.length] ?? 0) * (strides[at] ?? 0);
    }
    elements.push(data.elements[offset] ?? null);
  });
  return makeConstant(data.dtype, shape, elements);
}

export function inferGatherNd(context: NodeContext): Facts[] {
  const data = context.shape(0);
  const indices = context.shape(1);
  const depth = indices?.at(-1);
  if (data === undefined || indices === undefined || typeof depth !== 'number')
    return [tensorFacts(context.dtype(0), undefined)];
  const batch = context.int('batch_dims', 0);
  if (batch + depth > data.length) {
    context.fail(
      `indices ${formatShape(indices)} address ${batch + depth} axes, data ${formatShape(data)} has ${data.length}`,
    );
  }
  return [tensorFacts(context.dtype(0), [...indices.slice(0, -1), ...data.slice(batch + depth)])];
}

export function inferCompress(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const axis = context.attributes.int('axis');
  const flags = context.numbers(1);
  const count: Dim = flags === undefined ? null : flags.filter((flag) => flag !== 0).length;
  if (axis === undefined) return [tensorFacts(context.dtype(0), [count])];
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  return [tensorFacts(context.dtype(0), withDim(shape, context.axis(axis, shape.length), count))];
}

/** One-hot: the new axis has `depth` values; the type is that of the on and off values. */
export function inferOneHot(context: NodeContext): Facts[] {
  const indices = context.shape(0);
  const depth = context.dims(1)?.[0] ?? null;
  const dtype = context.dtype(2);
  if (indices === undefined) return [tensorFacts(dtype, undefined)];
  const axis = context.axis(context.int('axis', -1), indices.length + 1);
  return [tensorFacts(dtype, [...indices.slice(0, axis), depth, ...indices.slice(axis)])];
}

export function inferNonZero(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const numbers = context.numbers(0);
  const rank = shape === undefined ? null : Math.max(1, shape.length);
  const count = numbers === undefined ? null : numbers.filter((value) => value !== 0).length;
  const vector = shape?.length === 1 && numbers !== undefined && count !== null;
  const places = vector ? numbers.flatMap((value, at) => (value === 0 ? [] : [at])) : undefined;
  const constant = places === undefined || count === null ? undefined : makeConstant('int64', [1, count], places);
  return [tensorFacts('int64', [rank, count], constant)];
}

export function scatteredShape(context: NodeContext): Facts[] {
  const data = context.shape(0);
  const indices = context.shape(1);
  const sameRank = context.node.opType !== 'ScatterND';
  if (sameRank && data !== undefined && indices !== undefined && data.length !== indices.length) {
    context.fail(`indices ${formatShape(indices)} and data ${formatShape(data)} differ in rank`);
  }
  return [context.same()];
}
