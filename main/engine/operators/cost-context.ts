import { storageBytes } from '../tensor/dtype.ts';
import type { Node } from '../graph/ir.ts';
import { numbersOf, readConstant } from './constant.ts';
import { tensorFacts, type Facts } from './facts.ts';
import { NodeAttributes } from './node-attributes.ts';
import { elementCount } from './shape.ts';

interface CostedNode {
  readonly node: Node;
  readonly opset: number;
  readonly inputs: readonly (Facts | undefined)[];
  readonly outputs: readonly (Facts | undefined)[];
}

/** A node with the facts of its inputs and outputs, as `OperatorSpec.macs` and `bytes` see it. */
export class CostContext {
  readonly node: Node;
  readonly attributes: NodeAttributes;
  /** Version of the operator set that the node's domain is imported with. */
  readonly opset: number;
  readonly #inputs: readonly (Facts | undefined)[];
  readonly #outputs: readonly (Facts | undefined)[];

  constructor({ node, opset, inputs, outputs }: CostedNode) {
    this.node = node;
    this.opset = opset;
    this.attributes = new NodeAttributes(node);
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  int(name: string, fallback: number): number {
    return this.attributes.int(name) ?? fallback;
  }

  hasInput(index: number): boolean {
    return this.#inputs[index] !== undefined;
  }

  /** The first element of a small constant input; undefined when it is computed or absent. */
  number(index: number): number | undefined {
    const facts = this.#inputs[index];
    const stored = facts?.initializer === undefined ? undefined : readConstant(facts.initializer);
    return numbersOf(facts?.constant ?? stored)?.[0];
  }

  /** All sizes of the input; undefined when it is absent or one is not a number. */
  input(index: number): readonly number[] | undefined {
    return sizes(this.#inputs[index]);
  }

  /** All sizes of the output; undefined when it is absent or one is not a number. */
  output(index: number): readonly number[] | undefined {
    return sizes(this.#outputs[index]);
  }

  outputElements(index: number): number | null {
    return elementCount(this.#outputs[index]?.shape) ?? null;
  }

  /** Bytes of one input; 0 when it is left out, null when its size is unknown. */
  inputBytes(index: number): number | null {
    return bytesOf(this.#inputs[index]);
  }

  outputBytes(index: number): number | null {
    return bytesOf(this.#outputs[index]);
  }

  /** All inputs and all outputs, each once. */
  allBytes(): number | null {
    return addKnown([...this.#inputs.map(bytesOf), ...this.#outputs.map(bytesOf)]);
  }
}

/** The sum, or null when one of them is null. */
export function addKnown(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

function sizes(facts: Facts | undefined): readonly number[] | undefined {
  return facts !== undefined && elementCount(facts.shape) !== undefined ? (facts.shape as number[]) : undefined;
}

function bytesOf(facts: Facts | undefined): number | null {
  if (facts === undefined) return 0;
  const { dtype, shape } = facts.kind === 'tensor' ? facts : tensorFacts(undefined, undefined);
  const count = elementCount(shape);
  return dtype === undefined || count === undefined ? null : (storageBytes(dtype, count) ?? null);
}
