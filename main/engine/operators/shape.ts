/** Shapes as operators combine them: broadcasting, axes, spatial windows. Open dimensions come out as null. */
import type { Dim, Shape } from '../graph/ir.ts';
import { addDims, floorDivideDims, isOpenDim, sameDim, subtractDims } from './dimension.ts';

/** What two dimensions broadcast to: `conflict` when they cannot. Two different symbols leave the result open. */
export function broadcastDim(a: Dim, b: Dim): Dim | 'conflict' {
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') return a === b ? a : 'conflict';
  // A number above 1 wins: the symbol must be equal to it, or 1.
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return sameDim(a, b) ? a : null;
}

/** Multidirectional (NumPy) broadcasting; undefined when two sizes cannot go together. */
export function broadcastShapes(shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let dim: Dim = 1;
    for (const shape of shapes) {
      const own = axis - (rank - shape.length);
      if (own < 0) continue;
      const next = broadcastDim(dim, shape[own] ?? null);
      if (next === 'conflict') return undefined;
      dim = next;
    }
    result.push(dim);
  }
  return result;
}

/** The axis counted from the front, 0 ≤ axis < rank; undefined when it lies outside. */
export function normalizeAxis(axis: number, rank: number): number | undefined {
  const result = axis < 0 ? axis + rank : axis;
  return result >= 0 && result < rank ? result : undefined;
}

/** "[batch, 3, 224, 224]", with ? for open dimensions, for messages. */
export function formatShape(shape: Shape | undefined): string {
  if (shape === undefined) return 'unknown shape';
  return `[${shape.map((dim) => (isOpenDim(dim) ? '?' : String(dim))).join(', ')}]`;
}

/** Number of elements when every dimension is a number. */
export function elementCount(shape: Shape | undefined): number | undefined {
  if (shape === undefined) return undefined;
  let count = 1;
  for (const dim of shape) {
    if (typeof dim !== 'number') return undefined;
    count *= dim;
  }
  return count;
}

/** The shape with `dim` in the place of one axis. */
export function withDim(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.map((old, index) => (index === axis ? dim : old));
}

export interface Window {
  readonly kernel: readonly Dim[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  readonly autoPad: string;
  readonly ceil: boolean;
}

/**
 * Output size of one spatial axis of a convolution or pool.
 * @see ONNX Conv-22, MaxPool-22; with ceil, windows that start in the right padding do not count
 */
export function windowOutput(size: Dim, window: Window, axis: number): Dim {
  const axes = window.kernel.length;
  const stride = window.strides[axis] ?? 1;
  const dilation = window.dilations[axis] ?? 1;
  const kernel = window.kernel[axis] ?? null;
  if (window.autoPad === 'SAME_UPPER' || window.autoPad === 'SAME_LOWER') return ceilDivide(size, stride);
  const extent = typeof kernel === 'number' ? (kernel - 1) * dilation + 1 : dilation === 1 ? kernel : null;
  const begin = window.autoPad === 'VALID' ? 0 : (window.pads[axis] ?? 0);
  const end = window.autoPad === 'VALID' ? 0 : (window.pads[axis + axes] ?? 0);
  const room = subtractDims(addDims(size, begin + end), extent);
  if (!window.ceil) return addDims(floorDivideDims(room, stride), 1);
  const output = addDims(ceilDivide(room, stride), 1);
  if (typeof output === 'number' && typeof size === 'number' && (output - 1) * stride >= size + begin)
    return output - 1;
  return output;
}

function ceilDivide(a: Dim, b: number): Dim {
  return floorDivideDims(addDims(a, b - 1), b);
}
