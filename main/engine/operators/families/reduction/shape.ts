import { filled } from '../../filled.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import { makeConstant, storeElement, type ConstantValue } from '../../constant.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import { isInteger } from '../../fold.ts';
import type { NodeContext } from '../../node-context.ts';
import { withDim } from '../../shape.ts';

/** Axes to reduce: input 1 in newer opsets, an attribute before; 'all' when none are given, undefined when not known. */
function reducedAxes(context: NodeContext, rank: number, axesInput: number): readonly number[] | undefined {
  const attribute = context.ints('axes');
  if (attribute !== undefined) return context.axes(attribute, rank);
  const all = Array.from({ length: rank }, (_, axis) => axis);
  if (!context.has(axesInput)) return context.int('noop_with_empty_axes', 0) !== 0 ? [] : all;
  const axes = context.numbers(axesInput);
  if (axes === undefined) return context.dim(axesInput, 0) === rank ? all : undefined;
  if (axes.length === 0) return context.int('noop_with_empty_axes', 0) !== 0 ? [] : all;
  return context.axes(axes, rank);
}

export function reduceShape(context: NodeContext, axesInput: number): Shape | undefined {
  const shape = context.shape(0);
  if (shape === undefined) return undefined;
  const keep = context.int('keepdims', 1) !== 0;
  const axes = reducedAxes(context, shape.length, axesInput);
  if (axes !== undefined) return dropAxes(shape, axes, keep);
  // Which axes is only known when it runs; how many may be.
  if (keep) return shape.map((): Dim => null);
  const count = context.dim(axesInput, 0);
  return typeof count === 'number' ? filled<Dim>(Math.max(0, shape.length - count), null) : undefined;
}

function dropAxes(shape: Shape, axes: readonly number[], keep: boolean): Shape {
  const reduced = new Set(axes);
  if (keep) return shape.map((dim, axis) => (reduced.has(axis) ? 1 : dim));
  return shape.filter((_, axis) => !reduced.has(axis));
}

/** ReduceProd, ReduceSum, ReduceMin and ReduceMax of a whole small constant: the size of a flattened shape. */
function foldReduction(context: NodeContext, shape: Shape | undefined): ConstantValue | undefined {
  const constant = context.constant(0);
  const whole = shape !== undefined && shape.every((dim) => dim === 1);
  if (constant === undefined || !whole || constant.elements.length === 0) return undefined;
  if (context.fold === undefined) return undefined;
  const result = context.fold(constant.elements, isInteger(constant.dtype));
  return makeConstant(constant.dtype, shape as number[], [storeElement(constant.dtype, result)]);
}

export function inferReduction(context: NodeContext): Facts[] {
  const shape = reduceShape(context, 1);
  return [tensorFacts(context.dtype(0), shape, foldReduction(context, shape))];
}

export function inferArg(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts('int64', undefined)];
  const axis = context.axis(context.int('axis', 0), shape.length);
  return [tensorFacts('int64', dropAxes(shape, [axis], context.int('keepdims', 1) !== 0))];
}

export function inferTopK(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined), tensorFacts('int64', undefined)];
  const axis = context.axis(context.int('axis', -1), shape.length);
  const k = context.opset < 10 ? context.int('k', 1) : (context.dims(1)?.[0] ?? null);
  const size = shape[axis] ?? null;
  if (typeof k === 'number' && typeof size === 'number' && k > size) {
    context.fail(`k is ${k}, more than the ${size} elements along axis ${axis}`);
  }
  const result = withDim(shape, axis, k);
  return [tensorFacts(context.dtype(0), result), tensorFacts('int64', result)];
}

/** One value for each: number of rows that the loss leaves is a scalar, or the labels' shape without reduction. */
export function inferLoss(context: NodeContext): Facts[] {
  const shape = context.text('reduction', 'mean') === 'none' ? context.shape(1) : [];
  return [tensorFacts(context.dtype(0), shape), context.same()];
}
