import { StudioError } from '../../base/errors.ts';
import type { Attribute, AttributeValue, Graph, Node, Tensor } from './ir.ts';

type Kind = AttributeValue['type'];
type ValueOf<K extends Kind> = Extract<AttributeValue, { readonly type: K }>['value'];

/** The attribute of this name, whatever its type. */
export function findAttribute(node: Node, name: string): Attribute | undefined {
  return node.attributes.find((attribute) => attribute.name === name);
}

function valueOf<K extends Kind>(node: Node, name: string, kind: K): ValueOf<K> | undefined {
  const attribute: Attribute | undefined = findAttribute(node, name);
  if (attribute === undefined) return undefined;
  if (attribute.type !== kind) {
    throw new StudioError(
      'ONNX_INVALID',
      `${node.opType} '${node.name}': attribute '${name}' is of type ${attribute.type}, expected ${kind}`,
    );
  }
  return attribute.value as ValueOf<K> | undefined;
}

/**
 * An int64 as a number to calculate sizes with: exact within ±(2⁵³ − 1), and one of these ends beyond. Marks such as "to
 * the end" (2⁶³ − 1) stay what they mean, but never write the number back: take `bigintAttribute` for that.
 */
export function clampedNumber(value: bigint): number {
  if (value > MAX_SAFE) return Number.MAX_SAFE_INTEGER;
  return value < -MAX_SAFE ? -Number.MAX_SAFE_INTEGER : Number(value);
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** An integer attribute as it is stored, for what is written into a model. */
export function bigintAttribute<F extends bigint | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): bigint | F {
  return valueOf(node, name, 'int') ?? (fallback as F);
}

/** A list of integers as it is stored, for what is written into a model. */
export function bigintsAttribute<F extends readonly bigint[] | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): readonly bigint[] | F {
  return valueOf(node, name, 'ints') ?? (fallback as F);
}

/**
 * An integer attribute as number, see `clampedNumber`.
 * @throws ONNX_INVALID when the attribute is of another type (so do all accessors here)
 */
export function intAttribute<F extends number | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): number | F {
  const value = valueOf(node, name, 'int');
  return value === undefined ? (fallback as F) : clampedNumber(value);
}

/** A list of integers as numbers, see `clampedNumber`. */
export function intsAttribute<F extends readonly number[] | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): readonly number[] | F {
  return valueOf(node, name, 'ints')?.map(clampedNumber) ?? (fallback as F);
}

/** A float32 attribute. */
export function floatAttribute<F extends number | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): number | F {
  return valueOf(node, name, 'float') ?? (fallback as F);
}

/** A list of float32. */
export function floatsAttribute<F extends readonly number[] | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): readonly number[] | F {
  return valueOf(node, name, 'floats') ?? (fallback as F);
}

const utf8 = new TextDecoder();

/** A text attribute, read as UTF-8. */
export function stringAttribute<F extends string | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): string | F {
  const value = valueOf(node, name, 'string');
  return value === undefined ? (fallback as F) : utf8.decode(value);
}

/** A list of texts, read as UTF-8. */
export function stringsAttribute<F extends readonly string[] | undefined = undefined>(
  node: Node,
  name: string,
  fallback?: F,
): readonly string[] | F {
  return valueOf(node, name, 'strings')?.map((value) => utf8.decode(value)) ?? (fallback as F);
}

/** A tensor attribute (Constant's `value`). */
export function tensorAttribute(node: Node, name: string): Tensor | undefined {
  return valueOf(node, name, 'tensor');
}

/** A graph attribute (If's `then_branch`, Loop's `body`). */
export function graphAttribute(node: Node, name: string): Graph | undefined {
  return valueOf(node, name, 'graph');
}

const encoder = new TextEncoder();

/** What `makeAttribute` takes: integers as bigint (or list of bigint), floats as number, text, a tensor, a graph. */
export type AttributeInput =
  bigint | number | string | Tensor | Graph | readonly bigint[] | readonly number[] | readonly string[];

function attributeValue(input: AttributeInput): AttributeValue {
  if (typeof input === 'bigint') return { type: 'int', value: input };
  if (typeof input === 'number') return { type: 'float', value: Math.fround(input) };
  if (typeof input === 'string') return { type: 'string', value: encoder.encode(input) };
  if ('storage' in input) return { type: 'tensor', value: input };
  if ('nodes' in input) return { type: 'graph', value: input };
  if (input.every((item) => typeof item === 'bigint')) return { type: 'ints', value: input };
  if (input.every((item) => typeof item === 'number')) return { type: 'floats', value: input.map(Math.fround) };
  return { type: 'strings', value: input.map((item) => encoder.encode(String(item))) };
}

/**
 * Makes an attribute whose type follows from the value: bigint → int, number → float (rounded to float32), string,
 * tensor, graph, and lists of the first three; an empty list is a list of integers.
 */
export function makeAttribute(name: string, input: AttributeInput): Attribute {
  return { name, docString: '', unknown: [], ...attributeValue(input) };
}
