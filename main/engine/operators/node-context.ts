import type { Attribute, Dim, Graph, Node, Shape, Tensor } from '../graph/ir.ts';
import { dtypeFromCode, type DType } from '../tensor/dtype.ts';
import { numbersOf, textsOf, type ConstantValue, type Fold } from './constant.ts';
import { tensorFacts, UNKNOWN, type Facts } from './facts.ts';
import { NodeAttributes } from './node-attributes.ts';
import { broadcastShapes, formatShape, normalizeAxis } from './shape.ts';

/** A node that cannot run as it stands; caught by the inference and listed as a problem. */
export class OperandProblem extends Error {}

/** What the inference does for a node, beyond its own operands. */
export interface InferenceServices {
  /** The elements of a small tensor, numbers or texts; undefined when it is too large or cannot be read. */
  readonly readTensor: (tensor: Tensor) => ConstantValue | undefined;
  /** A symbol for a size that nothing states. */
  readonly openDim: () => string;
  /**
   * Infers a subgraph of this node with the outer names in sight; `inputs` by position. `repeat`: how often it runs for
   * one run of the node. Problems of a graph that may not run are warnings, those of one that never runs are dropped.
   */
  readonly inferSubgraph: (graph: Graph, inputs: readonly Facts[], repeat: Dim, maybe?: boolean) => readonly Facts[];
  /** Adds a problem without stopping. */
  readonly warn: (message: string) => void;
}

/** A node's operands and attributes, as `OperatorSpec.infer` sees them. */
export class NodeContext {
  readonly node: Node;
  /** Version of the operator set that the node's domain is imported with. */
  readonly opset: number;
  readonly attributes: NodeAttributes;
  readonly services: InferenceServices;
  /** How the operator computes constants; undefined: it does not. */
  readonly fold: Fold | undefined;
  readonly #inputs: readonly (Facts | undefined)[];

  constructor(
    node: Node,
    opset: number,
    inputs: readonly (Facts | undefined)[],
    given: { readonly services: InferenceServices; readonly fold: Fold | undefined },
  ) {
    this.node = node;
    this.opset = opset;
    this.attributes = new NodeAttributes(node);
    this.services = given.services;
    this.fold = given.fold;
    this.#inputs = inputs;
  }

  /** Ends the inference of this node with a problem: what was met and what was expected. */
  fail(message: string): never {
    throw new OperandProblem(message);
  }

  get inputCount(): number {
    return this.#inputs.length;
  }

  get inputs(): readonly (Facts | undefined)[] {
    return this.#inputs;
  }

  /** Whether the input is there (inputs may be left out with ''). */
  has(index: number): boolean {
    return this.#inputs[index] !== undefined;
  }

  /** Whether the node states that output. */
  wants(index: number): boolean {
    const name = this.node.outputs[index];
    return name !== undefined && name !== '';
  }

  facts(index: number): Facts {
    return this.#inputs[index] ?? UNKNOWN;
  }

  dtype(index: number): DType | undefined {
    return this.#inputs[index]?.dtype;
  }

  /** undefined when the input is absent or not even its rank is known. */
  shape(index: number): Shape | undefined {
    return this.#inputs[index]?.shape;
  }

  /** The shape, checked for its rank. `layout` says what is expected, as in "4 [M, C/g, kH, kW]". */
  shapeOfRank(index: number, rank: number, what: string, layout = String(rank)): Shape | undefined {
    const shape = this.shape(index);
    if (shape !== undefined && shape.length !== rank) {
      this.fail(`${what} has rank ${shape.length}, expected ${layout}; its shape is ${formatShape(shape)}`);
    }
    return shape;
  }

  dim(index: number, axis: number): Dim {
    return this.shape(index)?.at(axis) ?? null;
  }

  constant(index: number): ConstantValue | undefined {
    const facts = this.#inputs[index];
    if (facts === undefined) return undefined;
    if (facts.constant !== undefined) return facts.constant;
    return facts.initializer === undefined ? undefined : this.services.readTensor(facts.initializer);
  }

  /** The inputs' values, or undefined when one is not constant: then none of the others is read from the file. */
  constants(indices: readonly number[]): readonly (ConstantValue | undefined)[] | undefined {
    const possible = indices.every((index) => {
      const facts = this.#inputs[index];
      return facts?.constant !== undefined || facts?.initializer !== undefined;
    });
    return possible ? indices.map((index) => this.constant(index)) : undefined;
  }

  /** The input's elements when it is constant and all of them are plain numbers. */
  numbers(index: number): readonly number[] | undefined {
    return numbersOf(this.constant(index));
  }

  /** The input's elements as sizes (symbols and unknowns included) when it is constant. */
  dims(index: number): readonly Dim[] | undefined {
    const constant = this.constant(index);
    return constant?.dtype === 'string' ? undefined : constant?.elements;
  }

  /** The input's elements when it is constant and they are texts. */
  texts(index: number): readonly string[] | undefined {
    return textsOf(this.constant(index));
  }

  /** What an input of bytes holds, where that is known: a file, or at least its head. */
  bytes(index: number): Uint8Array | undefined {
    const numbers = this.dtype(index) === 'uint8' ? this.numbers(index) : undefined;
    return numbers === undefined ? this.facts(index).bytes : Uint8Array.from(numbers);
  }

  int(name: string, fallback: number): number {
    return this.attributes.int(name) ?? fallback;
  }

  ints(name: string): number[] | undefined {
    return this.attributes.ints(name);
  }

  float(name: string, fallback: number): number {
    return this.attributes.get(name, 'float') ?? fallback;
  }

  text(name: string, fallback: string): string {
    return this.attributes.text(name) ?? fallback;
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes.find((attribute) => attribute.name === name);
  }

  /** An element type stated as an attribute (`to`, `dtype`). */
  dtypeAttribute(name: string): DType | undefined {
    const code = this.attributes.int(name);
    return code === undefined ? undefined : dtypeFromCode(code);
  }

  openDim(): string {
    return this.services.openDim();
  }

  openDims(count: number): Shape {
    return Array.from({ length: count }, () => this.services.openDim());
  }

  /** The axis counted from the front; a problem when it lies outside. */
  axis(axis: number, rank: number): number {
    const result = normalizeAxis(axis, rank);
    if (result === undefined) this.fail(`axis ${axis} is outside of a rank ${rank} tensor`);
    return result;
  }

  /** Axes counted from the front; a problem when one lies outside. */
  axes(axes: readonly number[], rank: number): number[] {
    return axes.map((axis) => this.axis(axis, rank));
  }

  /** What the named inputs broadcast to; undefined when one shape is unknown, a problem when they do not go together. */
  broadcast(indices: readonly number[]): Shape | undefined {
    const shapes: Shape[] = [];
    for (const index of indices) {
      const shape = this.shape(index);
      if (shape === undefined) return undefined;
      shapes.push(shape);
    }
    const result = broadcastShapes(shapes);
    if (result === undefined) this.fail(`shapes ${shapes.map(formatShape).join(' and ')} do not broadcast together`);
    return result;
  }

  /** The first input's type and shape again: what element-wise operators of one input give. */
  same(index = 0): Facts {
    return tensorFacts(this.dtype(index), this.shape(index));
  }
}
