/** How element-wise operators compute small constants, whose elements are numbers or the sizes of symbolic dimensions. */
import type { Element, Fold } from '../../constant.ts';
import { addDims, divideDimsExactly, floorDivideDims, multiplyDims, sameDim, subtractDims } from '../../dimension.ts';

type Known = number | string;

/** One operand. `symbols`: what becomes of a size (an integer ≥ 0); default: it cannot be told. */
export function foldOne(numbers: (x: number) => number, symbols: (size: string) => Element = () => null): Fold {
  return ([a = null]) => (typeof a === 'number' ? numbers(a) : a === null ? null : symbols(a));
}

/** Two or more operands, from the left. `symbols`: where one of them is a size. */
function foldPairs(
  numbers: (a: number, b: number, integer: boolean) => Element,
  symbols: (a: Known, b: Known, integer: boolean) => Element = () => null,
): Fold {
  return (elements, integer) =>
    elements.reduce((a, b) => {
      if (typeof a === 'number' && typeof b === 'number') return numbers(a, b, integer);
      return a === null || b === null ? null : symbols(a, b, integer);
    });
}

const same = (size: string): Element => size;
const truth = (test: (a: number, b: number) => boolean): Fold => foldPairs((a, b) => (test(a, b) ? 1 : 0));
/** Rounds half to even, as ONNX does. */
const roundEven = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

export const absolute = foldOne(Math.abs);
export const negative = foldOne(
  (x) => -x,
  (size) => subtractDims(0, size),
);
export const floor = foldOne(Math.floor, same);
export const ceil = foldOne(Math.ceil, same);
export const round = foldOne(roundEven, same);
export const squareRoot = foldOne(Math.sqrt);
export const exponential = foldOne(Math.exp);
export const logarithm = foldOne(Math.log);
export const reciprocal = foldOne((x) => 1 / x);
export const sign = foldOne(Math.sign);
export const not = foldOne((x) => (x === 0 ? 1 : 0));
export const rectified = foldOne((x) => Math.max(0, x), same);

export const sum = foldPairs(
  (a, b) => a + b,
  (a, b) => (isWhole(a) && isWhole(b) ? addDims(a, b) : null),
);
export const difference = foldPairs(
  (a, b) => a - b,
  (a, b) => (isWhole(a) && isWhole(b) ? subtractDims(a, b) : null),
);
export const product = foldPairs((a, b) => a * b, multiplySymbols);
export const quotient = foldPairs(
  (a, b, integer) => {
    if (!integer) return a / b;
    return b === 0 ? null : Math.trunc(a / b);
  },
  (a, b, integer) => {
    if (integer) return floorDivideDims(a, b);
    return isWhole(a) && isWhole(b) ? divideDimsExactly(a, b) : null;
  },
);
export const power = foldPairs((a, b) => a ** b);
export const remainder = foldPairs(
  (a, b, integer) => (integer && b === 0 ? null : a - b * Math.floor(a / b)),
  (a, b) => (divideDimsExactly(a, b) === null ? null : 0),
);
/** With the sign of the dividend. */
export const truncatedRemainder = foldPairs((a, b, integer) => (integer && b === 0 ? null : a % b));
const whereSame = (a: Known, b: Known): Element => (sameDim(a, b) ? a : null);
export const minimum = foldPairs((a, b) => Math.min(a, b), whereSame);
export const maximum = foldPairs((a, b) => Math.max(a, b), whereSame);
export const and = truth((a, b) => a !== 0 && b !== 0);
export const or = truth((a, b) => a !== 0 || b !== 0);
export const xor = truth((a, b) => (a !== 0) !== (b !== 0));
export const less = truth((a, b) => a < b);
export const lessOrEqual = truth((a, b) => a <= b);
export const greater = truth((a, b) => a > b);
export const greaterOrEqual = truth((a, b) => a >= b);
export const equal = foldPairs(
  (a, b) => (a === b ? 1 : 0),
  (a, b) => {
    if (sameDim(a, b)) return 1;
    // Symbols are sizes: never negative, so the -1 that exporters compare with is no match.
    return isNegative(a) || isNegative(b) ? 0 : null;
  },
);

function multiplySymbols(a: Known, b: Known): Element {
  if (isWhole(a) && isWhole(b)) return multiplyDims(a, b);
  // A factor like 0.5 is a division by 2.
  const factor = typeof a === 'number' ? a : b;
  const symbol = typeof a === 'number' ? b : a;
  const divisor = 1 / Number(factor);
  return Number.isInteger(divisor) ? divideDimsExactly(symbol, divisor) : null;
}

function isWhole(value: Known): boolean {
  return typeof value === 'string' || Number.isInteger(value);
}

function isNegative(value: Known): boolean {
  return typeof value === 'number' && value < 0;
}
