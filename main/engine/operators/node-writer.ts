import type { Node, Shape } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { elementCount as tensorSize } from '../graph/tensor-size.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Facts } from './facts.ts';
import type { GraphWriter } from './graph-writer.ts';
import { NodeAttributes } from './node-attributes.ts';
import { elementCount, normalizeAxis } from './shape.ts';

/** What a rule cannot write; becomes an error or a note that names the layer. */
export class WritingRefusal extends Error {}

/** What is known about a node that nodes are written for. */
export interface NodeSituation {
  readonly node: Node;
  /** Version of the operator set that the node's domain is imported with. */
  readonly opset: number;
  readonly inputs: readonly (Facts | undefined)[];
  readonly outputs: readonly (Facts | undefined)[];
  /** Elements of an input that is constant: as numbers, where all of them are. */
  readonly numbers: (input: number) => readonly number[] | undefined;
}

/**
 * A facet of the operator table: writes what an operator computes in others, so that what is known of those holds for it.
 * It refuses through `context.refuse` what it cannot write.
 * @returns the outputs by position; undefined for one that it does not give, which must then not be used
 */
export type Expansion = (context: NodeWriter) => readonly (string | undefined)[];

/** A node, what is known about its values, and how nodes are written for it. */
export class NodeWriter {
  readonly node: Node;
  readonly opset: number;
  readonly attributes: NodeAttributes;
  readonly write: GraphWriter;
  /** Elements of a constant input; undefined: computed, absent or not all of them known. */
  readonly numbers: (input: number) => readonly number[] | undefined;
  readonly #known: NodeSituation;

  constructor(situation: NodeSituation, write: GraphWriter) {
    this.node = situation.node;
    this.opset = situation.opset;
    this.attributes = new NodeAttributes(situation.node);
    this.numbers = situation.numbers;
    this.write = write;
    this.#known = situation;
  }

  /** Says that the rule has no form for this node. */
  refuse(why: string): never {
    throw new WritingRefusal(why);
  }

  /** Whether the input is there. */
  has(input: number): boolean {
    return (this.node.inputs[input] ?? '') !== '';
  }

  /** The name of an input that must be there. */
  input(index: number): string {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? this.refuse(`input ${index} is left out`) : name;
  }

  inputFacts(index: number): Facts | undefined {
    return this.#known.inputs[index];
  }

  outputFacts(index = 0): Facts | undefined {
    return this.#known.outputs[index];
  }

  /** Shape of an input; undefined: not even its rank is known. */
  inputShape(index: number): Shape | undefined {
    return this.inputFacts(index)?.shape;
  }

  outputShape(index = 0): Shape | undefined {
    return this.outputFacts(index)?.shape;
  }

  /** Rank of an input, for rules that cannot do without. */
  rank(index: number): number {
    return this.inputShape(index)?.length ?? this.refuse(`the rank of '${this.node.inputs[index] ?? ''}' is not known`);
  }

  /** An axis of an input counted from the front. */
  axis(axis: number, rank: number): number {
    return normalizeAxis(axis, rank) ?? this.refuse(`axis ${axis} lies outside of rank ${rank}`);
  }

  /** The float type that the node computes in. */
  get dtype(): DType {
    const known = this.#known.outputs.concat(this.#known.inputs).find((facts) => isFloating(facts?.dtype));
    return known?.dtype ?? 'float32';
  }

  /** A number of the type that the node computes in. */
  number(value: number): string {
    return this.write.number(value, this.dtype);
  }

  float(name: string, fallback: number): number {
    return this.attributes.get(name, 'float') ?? fallback;
  }

  int(name: string, fallback: number): number {
    return this.attributes.int(name) ?? fallback;
  }

  /** Shape of an input as a value, int64 [rank]: a constant where all of it is known. */
  shapeOfInput(index: number): string {
    return this.shapeValue(this.input(index), this.inputShape(index));
  }

  protected shapeValue(name: string, shape: Shape | undefined): string {
    const known = shape !== undefined && elementCount(shape) !== undefined;
    return known ? this.write.ints(shape as readonly number[]) : this.write.shape(name);
  }
}

/** Types that carry gradients. */
export function isFloating(dtype: DType | undefined): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
}

/** Constants larger than this are no settings of operators. */
const MAX_SETTING_ELEMENTS = 4096;

/** All elements of a constant, as numbers. */
export function numbersOf(facts: Facts | undefined): readonly number[] | undefined {
  const elements = facts?.constant?.elements;
  if (elements?.every((element) => typeof element === 'number') === true) return elements;
  const tensor = facts?.initializer;
  if (tensor === undefined || tensor.dtype === 'string' || tensorSize(tensor.dims) > MAX_SETTING_ELEMENTS)
    return undefined;
  return Array.from(tensorValues(tensor) as ArrayLike<number | bigint>, Number);
}
