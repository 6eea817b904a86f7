/**
 * Arithmetic on dimensions. A dimension is an integer, or an expression over symbols written out as text:
 * "batch", "2*batch + 1", "floor((width - 1)/2) + 1". Sums of products are kept in one normal form, so equal expressions
 * are equal strings and batch*512/512 is batch again. Symbols stand for integers ≥ 0.
 *
 * A symbol that starts with "?" is one that nobody named (an open dimension); it never leaves this room.
 */
import type { Dim } from '../graph/ir.ts';

/** Sum of monomials: sorted symbols joined by '*' ('' for the constant term) → integer coefficient, never 0. */
type Polynomial = ReadonlyMap<string, number>;

/** A dimension that arithmetic works on: null (nothing known) is turned into a fresh "?" symbol at the door. */
export type KnownDim = number | string;

/** Expressions that grow past this many terms are given up: no export needs them, and products grow fast. */
const MAX_TERMS = 24;

/** Whether the dimension is a symbol that stands for "unknown", or holds one. */
export function isOpenDim(dim: Dim): boolean {
  return dim === null || (typeof dim === 'string' && dim.includes('?'));
}

/** a + b, in normal form; null when either is unknown. */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  return combine(a, b, (x, y) => sum(x, y, 1));
}

/** a − b, in normal form; null when either is unknown. */
export function subtractDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (b === 0) return a;
  return combine(a, b, (x, y) => sum(x, y, -1));
}

/** a · b, in normal form; null when either is unknown, unless the other is 0. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return combine(a, b, product);
}

/** Product of all dimensions, 1 for none; null when one is unknown (and none is 0). */
export function productOfDims(dims: readonly Dim[]): Dim {
  let result: Dim = 1;
  let unknown = false;
  for (const dim of dims) {
    if (dim === 0) return 0;
    if (dim === null) unknown = true;
    else if (result !== null) result = multiplyDims(result, dim);
  }
  return unknown ? null : result;
}

/** a / b where it is known to leave no rest ("2*n" / 2 → "n"); null otherwise. */
export function divideDimsExactly(a: Dim, b: Dim): Dim {
  if (a === null || b === null || b === 0) return null;
  if (typeof a === 'number' && typeof b === 'number') return Number.isInteger(a / b) ? a / b : null;
  if (b === 1) return a;
  if (a === b) return 1;
  if (a === 0) return 0;
  const quotient = dividePolynomials(parse(a), parse(b));
  return quotient === undefined ? null : print(quotient);
}

/** ⌊a / b⌋; terms that b divides are taken out of the brackets: (2n + 3)/2 → n + 1. */
export function floorDivideDims(a: Dim, b: Dim): Dim {
  if (a === null || b === null || b === 0) return null;
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b);
  const exact = divideDimsExactly(a, b);
  if (exact !== null) return exact;
  if (typeof b !== 'number' || b < 0) return null;
  const whole = new Map<string, number>();
  const rest = new Map<string, number>();
  for (const [monomial, coefficient] of parse(a)) {
    if (coefficient % b === 0) whole.set(monomial, coefficient / b);
    else if (monomial === '') {
      const quotient = Math.floor(coefficient / b);
      if (quotient !== 0) whole.set('', quotient);
      rest.set('', coefficient - quotient * b);
    } else rest.set(monomial, coefficient);
  }
  if (rest.size === 1 && rest.has('')) return print(whole);
  const inner = print(rest);
  const bracketed = rest.size > 1 ? `(${inner})` : String(inner);
  return addDims(print(whole), `floor(${bracketed}/${b})`);
}

/** ⌈a / b⌉ for b > 0. */
export function ceilDivideDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return b === 0 ? null : Math.ceil(a / b);
  return floorDivideDims(subtractDims(addDims(a, b), 1), b);
}

/** Whether the two are surely the same size; unknown ones are not. */
export function sameDim(a: Dim, b: Dim): boolean {
  if (a === null || b === null) return false;
  return a === b || (typeof a === 'string' && typeof b === 'string' && print(parse(a)) === print(parse(b)));
}

/** Puts sizes in for symbols: "2*batch + 1" with {batch: 4} → 9. What is not given stays. */
export function substituteDim(dim: Dim, sizes: Readonly<Record<string, number>>): Dim {
  if (typeof dim !== 'string') return dim;
  if (Object.hasOwn(sizes, dim)) return sizes[dim] ?? dim;
  return print(parse(dim, sizes));
}

function combine(a: Dim, b: Dim, operation: (x: Polynomial, y: Polynomial) => Polynomial): Dim {
  if (a === null || b === null) return null;
  const result = operation(parse(a), parse(b));
  return result.size > MAX_TERMS ? null : print(result);
}

function sum(a: Polynomial, b: Polynomial, sign: 1 | -1): Polynomial {
  const result = new Map(a);
  for (const [monomial, coefficient] of b) accumulate(result, monomial, sign * coefficient);
  return result;
}

function product(a: Polynomial, b: Polynomial): Polynomial {
  const result = new Map<string, number>();
  for (const [left, x] of a) {
    for (const [right, y] of b) accumulate(result, joinMonomials(left, right), x * y);
  }
  return result;
}

function accumulate(into: Map<string, number>, monomial: string, coefficient: number): void {
  const next = (into.get(monomial) ?? 0) + coefficient;
  if (next === 0) into.delete(monomial);
  else into.set(monomial, next);
}

/** Divides by a single monomial, or by a polynomial that is an integer multiple; undefined when there is a rest. */
function dividePolynomials(a: Polynomial, b: Polynomial): Polynomial | undefined {
  if (b.size === 1) {
    const [[divisor, factor]] = [...b] as [[string, number]];
    const result = new Map<string, number>();
    for (const [monomial, coefficient] of a) {
      const rest = removeFactors(monomial, divisor);
      if (rest === undefined || coefficient % factor !== 0) return undefined;
      result.set(rest, coefficient / factor);
    }
    return result;
  }
  // One step of long division is enough for m·(…)/(…): the quotient is a single monomial.
  const [firstA] = a;
  const [firstB] = b;
  if (firstA === undefined || firstB === undefined) return undefined;
  const rest = removeFactors(firstA[0], firstB[0]);
  const ratio = firstA[1] / firstB[1];
  if (rest === undefined || !Number.isInteger(ratio)) return undefined;
  const quotient = new Map([[rest, ratio]]);
  return sum(a, product(b, quotient), -1).size === 0 ? quotient : undefined;
}

function joinMonomials(a: string, b: string): string {
  if (a === '') return b;
  if (b === '') return a;
  return [...splitFactors(a), ...splitFactors(b)].sort().join('*');
}

function removeFactors(monomial: string, divisor: string): string | undefined {
  if (divisor === '') return monomial;
  const factors = splitFactors(monomial);
  for (const factor of splitFactors(divisor)) {
    const at = factors.indexOf(factor);
    if (at < 0) return undefined;
    factors.splice(at, 1);
  }
  return factors.join('*');
}

/** Splits at the '*' that stand outside of brackets. */
function splitFactors(monomial: string): string[] {
  if (monomial === '') return [];
  if (!monomial.includes('(')) return monomial.split('*');
  return splitOutside(monomial, '*');
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (depth === 0 && character === separator[0] && text.startsWith(separator, i)) {
      parts.push(text.slice(start, i));
      start = i + separator.length;
      i = start - 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function print(polynomial: Polynomial): Dim {
  if (polynomial.size === 0) return 0;
  if (polynomial.size === 1 && polynomial.has('')) return polynomial.get('') ?? 0;
  const monomials = [...polynomial.keys()].filter((monomial) => monomial !== '').sort();
  if (polynomial.has('')) monomials.push('');
  let text = '';
  for (const monomial of monomials) {
    const coefficient = polynomial.get(monomial) ?? 0;
    const size = Math.abs(coefficient);
    const term = monomial === '' ? String(size) : size === 1 ? monomial : `${size}*${monomial}`;
    if (text === '') text = coefficient < 0 ? `-${term}` : term;
    else text += coefficient < 0 ? ` - ${term}` : ` + ${term}`;
  }
  return text;
}

/**
 * Reads what `print` writes and what exporters write ("past_length + 1", "2*s0"): terms joined by ' + ' and ' - ' (with
 * spaces, since "batch-size" is a name), factors joined by '*', brackets, floor(x/n). Other text is one symbol.
 */
function parse(dim: KnownDim, sizes?: Readonly<Record<string, number>>): Polynomial {
  if (typeof dim === 'number') return dim === 0 ? new Map() : new Map([['', dim]]);
  let result: Polynomial = new Map();
  for (const plus of splitOutside(dim, ' + ')) {
    splitOutside(plus, ' - ').forEach((term, index) => {
      result = sum(result, parseTerm(term.trim(), sizes), index === 0 ? 1 : -1);
    });
  }
  return result;
}

function parseTerm(term: string, sizes: Readonly<Record<string, number>> | undefined): Polynomial {
  let result: Polynomial = new Map([['', 1]]);
  if (term.startsWith('-')) {
    term = term.slice(1);
    result = new Map([['', -1]]);
  }
  for (const factor of splitOutside(term, '*')) result = product(result, parseFactor(factor.trim(), sizes));
  return result;
}

function parseFactor(factor: string, sizes: Readonly<Record<string, number>> | undefined): Polynomial {
  if (/^\d+$/.test(factor)) return parse(Number(factor));
  if (sizes !== undefined && Object.hasOwn(sizes, factor)) return parse(sizes[factor] ?? factor);
  if (factor.startsWith('(') && factor.endsWith(')')) return parse(factor.slice(1, -1), sizes);
  const floor = sizes === undefined ? null : /^floor\((.*)\/(\d+)\)$/.exec(factor);
  if (floor !== null) {
    const inner = print(parse(floor[1] ?? '', sizes));
    const value = floorDivideDims(inner, Number(floor[2]));
    if (typeof value === 'number') return parse(value);
    if (value !== null && value !== factor) return parse(value);
  }
  return new Map([[factor, 1]]);
}
