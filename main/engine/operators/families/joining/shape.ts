import { filled } from '../../filled.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import { forEachIndex, makeConstant, stridesOf, type ConstantValue, type Element } from '../../constant.ts';
import { addDims, ceilDivideDims, divideDimsExactly, subtractDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { formatShape, withDim } from '../../shape.ts';

export function concatShape(context: NodeContext, inputs: readonly number[], axisGiven: number): Shape | undefined {
  const known = inputs.flatMap((index) => {
    const shape = context.shape(index);
    return shape === undefined ? [] : [{ index, shape }];
  });
  const [first] = known;
  if (first === undefined) return undefined;
  const axis = context.axis(axisGiven, first.shape.length);
  let joined: Dim = 0;
  const result = [...first.shape];
  for (const { index, shape } of known) {
    if (shape.length !== first.shape.length) {
      context.fail(
        `input ${index} ${formatShape(shape)} and input ${first.index} ${formatShape(first.shape)} differ in rank`,
      );
    }
    joined = addDims(joined, shape[axis] ?? null);
    shape.forEach((dim, at) => {
      const own = result[at];
      if (at === axis || typeof dim !== 'number') return;
      if (typeof own === 'number' && own !== dim) {
        context.fail(
          `input ${index} ${formatShape(shape)} differs from input ${first.index} ${formatShape(first.shape)} in axis ${at}, expected only in axis ${axis}`,
        );
      }
      result[at] = dim;
    });
  }
  result[axis] = known.length === inputs.length ? joined : null;
  return result;
}

/** Concatenates constants, so that shapes put together from pieces are known. */
function concatConstants(context: NodeContext, axisGiven: number): ConstantValue | undefined {
  const parts: ConstantValue[] = [];
  for (const part of context.constants(context.inputs.map((_, index) => index)) ?? []) {
    if (part === undefined) return undefined;
    parts.push(part);
  }
  const [first] = parts;
  if (first === undefined || first.shape.length === 0) return undefined;
  const axis = axisGiven < 0 ? axisGiven + first.shape.length : axisGiven;
  const outer = first.shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const elements: Element[] = [];
  for (let row = 0; row < outer; row++) {
    for (const part of parts) {
      const run = part.elements.length / outer;
      elements.push(...part.elements.slice(row * run, (row + 1) * run));
    }
  }
  const joined = parts.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0);
  return makeConstant(first.dtype, withDim(first.shape, axis, joined) as number[], elements);
}

export function inferConcat(context: NodeContext): Facts[] {
  const axis = context.int('axis', context.opset < 4 ? 1 : 0);
  const shape = concatShape(
    context,
    context.inputs.map((_, index) => index),
    axis,
  );
  const dtype = context.inputs.find((facts) => facts?.dtype !== undefined)?.dtype;
  return [tensorFacts(dtype, shape, concatConstants(context, axis))];
}

/** Sizes of the parts: given (attribute before opset 13, input since), or equal with a smaller last one. */
function splitSizes(context: NodeContext, total: Dim): readonly Dim[] {
  const parts = context.int('num_outputs', context.node.outputs.length);
  const given = context.ints('split') ?? context.dims(1);
  if (given !== undefined) {
    if (given.every((size) => typeof size === 'number') && typeof total === 'number') {
      const sum = given.reduce((a, b) => a + b, 0);
      if (sum !== total) context.fail(`split [${given.join(', ')}] adds up to ${sum}, expected ${total}`);
    }
    return given;
  }
  if (context.has(1)) return filled<Dim>(parts, null);
  const even = divideDimsExactly(total, parts);
  if (even !== null) return filled<Dim>(parts, even);
  if (context.opset < 18 && typeof total === 'number')
    context.fail(`size ${total} does not split into ${parts} equal parts`);
  const most = ceilDivideDims(total, parts);
  const last = typeof most === 'number' ? subtractDims(total, most * (parts - 1)) : null;
  return [...filled<Dim>(parts - 1, most), last];
}

export function inferSplit(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return context.node.outputs.map(() => tensorFacts(context.dtype(0), undefined));
  const axis = context.axis(context.int('axis', 0), shape.length);
  const sizes = splitSizes(context, shape[axis] ?? null);
  const constant = context.constant(0);
  let start = 0;
  return context.node.outputs.map((_, index) => {
    const size = sizes[index] ?? null;
    const part =
      constant === undefined || typeof size !== 'number' ? undefined : sliceConstant(constant, axis, start, size);
    start += typeof size === 'number' ? size : Number.NaN;
    return tensorFacts(context.dtype(0), withDim(shape, axis, size), part);
  });
}

/** `count` elements along an axis from `start` on, every `step`-th. */
export function sliceConstant(
  constant: ConstantValue,
  axis: number,
  start: number,
  count: number,
  step = 1,
): ConstantValue | undefined {
  if (Number.isNaN(start)) return undefined;
  const strides = stridesOf(constant.shape);
  const shape = withDim(constant.shape, axis, count) as number[];
  const elements: Element[] = [];
  forEachIndex(shape, (index) => {
    let offset = 0;
    index.forEach((at, dimension) => {
      offset += (dimension === axis ? start + at * step : at) * (strides[dimension] ?? 0);
    });
    elements.push(constant.elements[offset] ?? null);
  });
  return makeConstant(constant.dtype, shape, elements);
}
