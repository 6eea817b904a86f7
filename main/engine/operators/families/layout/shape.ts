import { filled } from '../../filled.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import type { CostContext } from '../../cost-context.ts';
import { forEachIndex, makeConstant, stridesOf, type ConstantValue, type Element } from '../../constant.ts';
import { divideDimsExactly, multiplyDims, productOfDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { broadcastShapes, elementCount, formatShape } from '../../shape.ts';

/** The same elements under a new shape. */
export function reshaped(context: NodeContext, shape: Shape | undefined): Facts[] {
  const constant = context.constant(0);
  const sizes = elementCount(shape) === undefined ? undefined : (shape as number[]);
  const moved =
    constant === undefined || sizes === undefined ? undefined : makeConstant(constant.dtype, sizes, constant.elements);
  return [tensorFacts(context.dtype(0), shape, moved)];
}

/** Reshape's target: 0 copies the input's size (unless allowzero), one -1 takes what is left. */
function reshapeTarget(context: NodeContext, target: readonly Dim[]): Shape {
  const input = context.shape(0);
  const allowZero = context.int('allowzero', 0) !== 0;
  const result = target.map((dim, axis): Dim => {
    if (dim !== 0 || allowZero) return dim;
    if (input !== undefined && axis >= input.length) {
      context.fail(
        `shape [${target.join(', ')}] copies axis ${axis}, but data ${formatShape(input)} has rank ${input.length}`,
      );
    }
    return input?.[axis] ?? null;
  });
  const free = result.flatMap((dim, axis) => (dim === -1 ? [axis] : []));
  if (free.length > 1) context.fail(`shape [${target.join(', ')}] has ${free.length} sizes -1, expected one at most`);
  const [freeAxis] = free;
  if (freeAxis !== undefined) {
    result[freeAxis] = input === undefined ? null : freeSize(context, input, result, freeAxis);
    return result;
  }
  const total = input === undefined ? undefined : elementCount(input);
  const wanted = elementCount(result);
  if (total !== undefined && wanted !== undefined && total !== wanted) {
    context.fail(`data ${formatShape(input)} has ${total} elements, shape ${formatShape(result)} needs ${wanted}`);
  }
  return solveOpen(input, result);
}

/** total / rest, where open sizes that occur on both sides cancel. */
function freeSize(context: NodeContext, input: Shape, target: readonly Dim[], freeAxis: number): Dim {
  const rest = target.filter((_, axis) => axis !== freeAxis);
  const total = productOfDims(input);
  const known = productOfDims(rest);
  if (typeof total === 'number' && typeof known === 'number') {
    if (known === 0) return total === 0 ? 0 : null;
    if (total % known !== 0) {
      context.fail(
        `data ${formatShape(input)} has ${total} elements, which [${target.map(String).join(', ')}] does not divide`,
      );
    }
  }
  return divideDimsExactly(total, known);
}

/** One unknown size in the target follows from the number of elements. */
function solveOpen(input: Shape | undefined, target: Dim[]): Shape {
  const open = target.flatMap((dim, axis) => (dim === null ? [axis] : []));
  const [axis] = open;
  if (input === undefined || axis === undefined || open.length > 1) return target;
  const size = divideDimsExactly(productOfDims(input), productOfDims(target.filter((dim) => dim !== null)));
  return target.map((dim, at) => (at === axis ? size : dim));
}

export function inferReshape(context: NodeContext): Facts[] {
  const attribute = context.ints('shape');
  const target = context.opset < 5 && attribute !== undefined ? attribute : context.dims(1);
  if (target !== undefined) return reshaped(context, reshapeTarget(context, target));
  const rank = context.dim(1, 0);
  return [tensorFacts(context.dtype(0), typeof rank === 'number' ? filled<Dim>(rank, null) : undefined)];
}

export function inferFlatten(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), [null, null])];
  const given = context.int('axis', 1);
  const axis = given === shape.length ? given : context.axis(given, Math.max(shape.length, 1));
  return reshaped(context, [productOfDims(shape.slice(0, axis)), productOfDims(shape.slice(axis))]);
}

/** Axes of Squeeze and Unsqueeze: an attribute before opset 13, input 1 since. */
function statedAxes(context: NodeContext): readonly number[] | undefined {
  return context.ints('axes') ?? context.numbers(1);
}

export function inferSqueeze(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const axes = statedAxes(context);
  if (axes === undefined) {
    // Without axes every 1 goes; a symbol could be 1, then the rank is open.
    const certain = !context.has(1) && shape.every((dim) => typeof dim === 'number');
    return certain
      ? reshaped(
          context,
          shape.filter((dim) => dim !== 1),
        )
      : [tensorFacts(context.dtype(0), undefined)];
  }
  const dropped = new Set(context.axes(axes, shape.length));
  for (const axis of dropped) {
    const size = shape[axis];
    if (typeof size === 'number' && size !== 1)
      context.fail(`axis ${axis} of data ${formatShape(shape)} has size ${size}, expected 1`);
  }
  return reshaped(
    context,
    shape.filter((_, axis) => !dropped.has(axis)),
  );
}

export function inferUnsqueeze(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const axes = statedAxes(context);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  if (axes === undefined) {
    const count = context.dim(1, 0);
    return [
      tensorFacts(context.dtype(0), typeof count === 'number' ? filled<Dim>(shape.length + count, null) : undefined),
    ];
  }
  const rank = shape.length + axes.length;
  const added = new Set(context.axes(axes, rank));
  if (added.size !== axes.length) context.fail(`axes [${axes.join(', ')}] name one axis twice`);
  const rest = [...shape];
  return reshaped(
    context,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? null))),
  );
}

export function inferTranspose(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const order = context.ints('perm') ?? shape.map((_, axis) => shape.length - 1 - axis);
  if (order.length !== shape.length || new Set(order).size !== shape.length) {
    context.fail(`perm [${order.join(', ')}] is no order of the ${shape.length} axes of ${formatShape(shape)}`);
  }
  const axes = context.axes(order, shape.length);
  const result = axes.map((axis) => shape[axis] ?? null);
  return [tensorFacts(context.dtype(0), result, transposeConstant(context.constant(0), axes))];
}

function transposeConstant(constant: ConstantValue | undefined, axes: readonly number[]): ConstantValue | undefined {
  if (constant === undefined) return undefined;
  const strides = stridesOf(constant.shape);
  const shape = axes.map((axis) => constant.shape[axis] ?? 1);
  return gather(constant, shape, (index) =>
    index.reduce((offset, at, axis) => offset + at * (strides[axes[axis] ?? 0] ?? 0), 0),
  );
}

function gather(
  constant: ConstantValue,
  shape: readonly number[],
  offsetOf: (index: readonly number[]) => number,
): ConstantValue | undefined {
  const elements: Element[] = [];
  forEachIndex(shape, (index) => elements.push(constant.elements[offsetOf(index)] ?? null));
  return makeConstant(constant.dtype, shape, elements);
}

export function inferExpand(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const target = context.dims(1);
  if (shape === undefined || target === undefined) {
    const rank = context.dim(1, 0);
    const known = shape !== undefined && typeof rank === 'number';
    return [tensorFacts(context.dtype(0), known ? filled<Dim>(Math.max(rank, shape.length), null) : undefined)];
  }
  const result = broadcastShapes([shape, target]);
  if (result === undefined) context.fail(`data ${formatShape(shape)} does not expand to ${formatShape(target)}`);
  const constant = context.constant(0);
  const count = elementCount(result);
  const single = constant?.elements.length === 1 && count !== undefined && count <= 4096;
  const elements = single ? filled<Element>(count, constant.elements[0] ?? null) : undefined;
  const expanded =
    elements === undefined || constant === undefined
      ? undefined
      : makeConstant(constant.dtype, result as number[], elements);
  return [tensorFacts(context.dtype(0), result, expanded)];
}

export function inferTile(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const repeats = context.dims(1);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  if (repeats !== undefined && context.opset >= 6 && repeats.length !== shape.length) {
    context.fail(
      `repeats has ${repeats.length} values, expected ${shape.length}, one for each axis of ${formatShape(shape)}`,
    );
  }
  const result = shape.map((dim, axis) => multiplyDims(dim, repeats?.[axis] ?? null));
  const constant = context.constant(0);
  if (constant === undefined || elementCount(result) === undefined || (elementCount(result) ?? 0) > 4096) {
    return [tensorFacts(context.dtype(0), result)];
  }
  const strides = stridesOf(constant.shape);
  const tiled = gather(constant, result as number[], (index) =>
    index.reduce((offset, at, axis) => offset + (at % (constant.shape[axis] ?? 1)) * (strides[axis] ?? 0), 0),
  );
  return [tensorFacts(context.dtype(0), result, tiled)];
}

export function inferBlocks(toDepth: boolean) {
  return (context: NodeContext): Facts[] => {
    const shape = context.shapeOfRank(0, 4, 'data', '4 [N, C, H, W]');
    const block = context.int('blocksize', 0);
    if (block < 1) context.fail(`blocksize is ${block}, expected 1 or more`);
    if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
    const [n = null, c = null, h = null, w = null] = shape;
    const area = block * block;
    const result = toDepth
      ? [n, multiplyDims(c, area), divideDimsExactly(h, block), divideDimsExactly(w, block)]
      : [n, divideDimsExactly(c, area), multiplyDims(h, block), multiplyDims(w, block)];
    const indivisible = toDepth ? [h, w].some((size) => notDivisible(size, block)) : notDivisible(c, area);
    if (indivisible) context.fail(`blocksize ${block} does not divide data ${formatShape(shape)}`);
    return [tensorFacts(context.dtype(0), result)];
  };
}

function notDivisible(size: Dim, by: number): boolean {
  return typeof size === 'number' && size % by !== 0;
}

/** Input and output have the same elements when their shapes agree; told by the first input alone. */
export function inferIdentity(context: NodeContext): Facts[] {
  const facts = context.facts(0);
  if (facts.kind !== 'tensor') return [facts];
  const constant = context.constant(0);
  return [constant === undefined ? context.same() : { ...context.same(), constant }];
}

/** What is written, plus as much read. */
export function outputTwice(context: CostContext): number | null {
  const bytes = context.outputBytes(0);
  return bytes === null ? null : 2 * bytes;
}
