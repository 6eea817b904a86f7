/** Computes element-wise operators on small constants, symbols included. */
import { filled } from './filled.ts';
import { broadcastShapes, elementCount } from './shape.ts';
import {
  makeConstant,
  MAX_CONSTANT_ELEMENTS,
  storeElement,
  stridesOf,
  type ConstantValue,
  type Element,
} from './constant.ts';
import { addDims, divideDimsExactly, floorDivideDims, multiplyDims, sameDim, subtractDims } from './dimension.ts';
import type { DType } from '../tensor/dtype.ts';

/** Applies a function to every element; the result has the given type. */
export function mapConstant(
  constant: ConstantValue | undefined,
  dtype: DType | undefined,
  operation: (element: Element) => Element,
): ConstantValue | undefined {
  if (constant === undefined || dtype === undefined) return undefined;
  return makeConstant(
    dtype,
    constant.shape,
    constant.elements.map((element) => storeElement(dtype, operation(element))),
  );
}

/** Applies a function to the elements of several constants, broadcast against each other. */
export function zipConstants(
  constants: readonly (ConstantValue | undefined)[] | undefined,
  dtype: DType | undefined,
  operation: (elements: readonly Element[]) => Element,
): ConstantValue | undefined {
  if (dtype === undefined || constants === undefined) return undefined;
  const known: ConstantValue[] = [];
  for (const constant of constants) {
    if (constant === undefined) return undefined;
    known.push(constant);
  }
  const shape = broadcastShapes(known.map((constant) => constant.shape)) as number[] | undefined;
  const count = elementCount(shape);
  if (shape === undefined || count === undefined || count > MAX_CONSTANT_ELEMENTS) return undefined;
  const strides = known.map((constant) => broadcastStrides(constant.shape, shape.length));
  const own = stridesOf(shape);
  const elements: Element[] = [];
  for (let i = 0; i < count; i++) {
    const operands = known.map((constant, operand) => {
      let offset = 0;
      for (let axis = 0; axis < shape.length; axis++) {
        const position = Math.floor(i / own[axis]!) % shape[axis]!;
        offset += position * strides[operand]![axis]!;
      }
      return constant.elements[offset] ?? null;
    });
    elements.push(storeElement(dtype, operation(operands)));
  }
  return makeConstant(dtype, shape, elements);
}

/** Strides that stand still along axes of size 1 and along missing leading axes. */
function broadcastStrides(shape: readonly number[], rank: number): number[] {
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return [...filled<number>(rank - shape.length, 0), ...strides];
}

type Numbers = (a: number, b: number) => number;

/** What two-operand operators do with numbers; integers of Div and Mod are told apart by the caller. */
const NUMBERS: Readonly<Record<string, Numbers>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Mod: (a, b) => a - b * Math.floor(a / b),
  Min: Math.min,
  Max: Math.max,
  Sum: (a, b) => a + b,
  And: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  Or: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  Xor: (a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0),
  Equal: (a, b) => (a === b ? 1 : 0),
  Less: (a, b) => (a < b ? 1 : 0),
  LessOrEqual: (a, b) => (a <= b ? 1 : 0),
  Greater: (a, b) => (a > b ? 1 : 0),
  GreaterOrEqual: (a, b) => (a >= b ? 1 : 0),
};

/** Computes one element of a two-operand operator; null where the result cannot be told. */
export function foldPair(opType: string, a: Element, b: Element, integer: boolean): Element {
  if (typeof a === 'number' && typeof b === 'number') {
    if (integer && opType === 'Div') return b === 0 ? null : Math.trunc(a / b);
    if (integer && opType === 'Mod' && b === 0) return null;
    return NUMBERS[opType]?.(a, b) ?? null;
  }
  if (a === null || b === null) return null;
  switch (opType) {
    case 'Add':
    case 'Sum':
      return isWhole(a) && isWhole(b) ? addDims(a, b) : null;
    case 'Sub':
      return isWhole(a) && isWhole(b) ? subtractDims(a, b) : null;
    case 'Mul':
      return multiplySymbols(a, b);
    case 'Div':
      return integer ? floorDivideDims(a, b) : isWhole(a) && isWhole(b) ? divideDimsExactly(a, b) : null;
    case 'Mod':
      return divideDimsExactly(a, b) === null ? null : 0;
    case 'Min':
    case 'Max':
      return sameDim(a, b) ? a : null;
    case 'Equal':
      if (sameDim(a, b)) return 1;
      // Symbols are sizes: never negative, so the -1 that exporters compare with is no match.
      return isNegative(a) || isNegative(b) ? 0 : null;
    default:
      return null;
  }
}

function multiplySymbols(a: number | string, b: number | string): Element {
  if (isWhole(a) && isWhole(b)) return multiplyDims(a, b);
  // A factor like 0.5 is a division by 2.
  const factor = typeof a === 'number' ? a : b;
  const symbol = typeof a === 'number' ? b : a;
  const divisor = 1 / Number(factor);
  return Number.isInteger(divisor) ? divideDimsExactly(symbol, divisor) : null;
}

function isWhole(value: number | string): boolean {
  return typeof value === 'string' || Number.isInteger(value);
}

function isNegative(value: number | string): boolean {
  return typeof value === 'number' && value < 0;
}

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Abs: Math.abs,
  Neg: (x) => -x,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  Sqrt: Math.sqrt,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Sign: Math.sign,
  Not: (x) => (x === 0 ? 1 : 0),
  Relu: (x) => Math.max(0, x),
  Identity: (x) => x,
};

/** Computes one element of a one-operand operator; null where the result cannot be told. */
export function foldOne(opType: string, a: Element): Element {
  if (typeof a === 'number') return UNARY[opType]?.(a) ?? null;
  if (a === null) return null;
  if (opType === 'Neg') return subtractDims(0, a);
  // Symbols stand for integers ≥ 0.
  return ['Floor', 'Ceil', 'Round', 'Identity', 'Relu'].includes(opType) ? a : null;
}

/** Whether elements of this type are integers. */
export function isInteger(dtype: DType | undefined): boolean {
  return dtype !== undefined && /^u?int/.test(dtype);
}
