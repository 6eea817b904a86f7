/**
 * Small values that are known before the model runs. Shape arithmetic (Shape → Gather → Concat → Reshape) flows through
 * them, so an element may be a symbol, or null where nothing is known about it.
 */
import { filled } from './filled.ts';
import { clampedNumber } from '../graph/attributes.ts';
import { dtypeBits, type DType } from '../tensor/dtype.ts';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../tensor/half.ts';
import type { Dim, Tensor } from '../graph/ir.ts';
import { tensorStrings, tensorValues } from '../graph/tensor-data.ts';

/** Larger values are not propagated: shape arithmetic is small, and weights must not be unpacked here. */
export const MAX_CONSTANT_ELEMENTS = 4096;

/**
 * A number (booleans are 0 and 1; int64 beyond 2⁵³ is clamped), a symbolic size, or null when unknown. Where the value is of
 * type string: a text.
 */
export type Element = Dim;

/**
 * Computes one element of a small constant output from the operands' elements at its place; null where it cannot be told.
 * @param integer whether the operands are integers: Div truncates, Mod by 0 has no value
 */
export type Fold = (elements: readonly Element[], integer: boolean) => Element;

export interface ConstantValue {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Row-major; as many as the shape says, at most MAX_CONSTANT_ELEMENTS. */
  readonly elements: readonly Element[];
}

/**
 * The value as it is stored: rounded to the type, cut to integers. Symbols and unknowns pass, booleans become 0 or 1; floats of 8
 * bits and fewer, of which it depends on the operator what becomes of too large ones, are not known.
 */
export function storeElement(dtype: DType, element: Element): Element {
  if (typeof element !== 'number') return element;
  switch (dtype) {
    case 'float32':
      return Math.fround(element);
    case 'float64':
      return element;
    case 'float16':
      return float16ToFloat32(float32ToFloat16(Float32Array.of(element)))[0]!;
    case 'bfloat16':
      return bfloat16ToFloat32(float32ToBfloat16(Float32Array.of(element)))[0]!;
    case 'bool':
      return element === 0 ? 0 : 1;
    case 'int64':
    case 'uint64':
      return Number.isFinite(element) ? Math.trunc(element) : null;
    case 'int32':
    case 'int16':
    case 'int8':
    case 'int4':
    case 'int2':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint4':
    case 'uint2':
      return wrapInteger(dtype, element);
    default:
      return null;
  }
}

/** Integers go on from the other end of their range; null beyond what a number holds exactly. */
function wrapInteger(dtype: DType, element: number): Element {
  const whole = Math.trunc(element);
  if (!Number.isSafeInteger(whole)) return null;
  const range = 2 ** (dtypeBits(dtype) ?? 64);
  const rest = ((whole % range) + range) % range;
  return dtype.startsWith('u') || rest < range / 2 ? rest : rest - range;
}

/** Elements as numbers; int64 beyond 2⁵³ is clamped. */
export function plainNumbers(values: Iterable<number | bigint>): number[] {
  return Array.from(values, (value) => (typeof value === 'bigint' ? clampedNumber(value) : value));
}

/** Makes a constant, or undefined where it would be too large or the count is wrong. */
export function makeConstant(
  dtype: DType,
  shape: readonly number[],
  elements: readonly Element[],
): ConstantValue | undefined {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== elements.length || count > MAX_CONSTANT_ELEMENTS) return undefined;
  return { dtype, shape, elements };
}

/** The elements of a small tensor of numbers or texts; undefined for others. @throws as `tensorValues` */
export function readConstant(tensor: Tensor): ConstantValue | undefined {
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (!(count >= 0 && count <= MAX_CONSTANT_ELEMENTS)) return undefined;
  if (tensor.dtype === 'string') return makeConstant('string', tensor.dims, tensorStrings(tensor));
  if (tensor.dtype === 'complex64' || tensor.dtype === 'complex128') return undefined;
  return makeConstant(tensor.dtype, tensor.dims, plainNumbers(tensorValues(tensor)));
}

/** The elements as plain numbers; undefined when one is a symbol or unknown, or they are texts. */
export function numbersOf(constant: ConstantValue | undefined): readonly number[] | undefined {
  if (constant === undefined || constant.dtype === 'string') return undefined;
  return constant.elements.every((element) => typeof element === 'number')
    ? (constant.elements as number[])
    : undefined;
}

/** The elements as texts; undefined when they are none, or one is unknown. */
export function textsOf(constant: ConstantValue | undefined): readonly string[] | undefined {
  if (constant?.dtype !== 'string' || constant.elements.includes(null)) return undefined;
  return constant.elements as readonly string[];
}

/** Row-major strides of a shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = filled<number>(shape.length, 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}

/** Calls back with the multi-index of every element, in row-major order; the array is reused between calls. */
export function forEachIndex(shape: readonly number[], visit: (index: readonly number[]) => void): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const index = filled<number>(shape.length, 0);
  for (let i = 0; i < count; i++) {
    visit(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 1)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
    }
  }
}
