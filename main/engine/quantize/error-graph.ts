import type { GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node, Tensor, ValueInfo } from '../graph/ir.ts';
import { makeTensor, makeValueInfo } from '../graph/make.ts';
import { hasTrait } from '../operators/ask.ts';
import { channelAxis } from '../operators/axes.ts';
import { floatCopyNode, productNode, sizeNode, subtractNode, sumNode, sumOfSquaresNode } from '../operators/nodes.ts';
import { PER_CHANNEL_OPSET, type ValueKnowledge } from '../passes/upgrade-opset.ts';
import type { QdqGroup } from './qdq-groups.ts';

/** What a copy of a layer gives: its float output, or that rounded, as one with its QuantizeLinear or apart from it. */
export type CloneOutput = 'float' | 'rounded' | 'shielded';

/** Adds copies of layers and sums of squares to a graph; the sums become its only outputs. */
export class ErrorGraph {
  readonly #graph: Graph;
  readonly #opset: number;
  readonly #knowledge: ValueKnowledge;
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Tensor>();
  readonly #outputs = new Map<string, ValueInfo>();
  readonly #made = new Map<string, string>();
  #count = 0;

  constructor(graph: Graph, opset: number, knowledge: ValueKnowledge) {
    this.#graph = graph;
    this.#opset = opset;
    this.#knowledge = knowledge;
  }

  /**
   * Sums come last, those of the first layers at the end: the runtime begins with what the last of the outputs depends on. So it sums
   * values while they are near, and lets go of them; else it holds those of all layers of both models until the end.
   */
  build(): Graph {
    const sums = this.#nodes.filter(({ name }) => this.#outputs.has(name));
    return {
      ...this.#graph,
      nodes: [
        ...this.#graph.nodes,
        ...this.#nodes.filter(({ name }) => !this.#outputs.has(name)),
        ...sums.toReversed(),
      ],
      initializers: [...this.#graph.initializers, ...this.#initializers.values()],
      outputs: [...this.#outputs.values()],
    };
  }

  /** A float tensor through the QuantizeLinear and DequantizeLinear of the quantized model. */
  roundTrip(source: string, quantize: Node, dequantize: Node, nameOf: (value: string) => string): string {
    const parameters = quantize.inputs.slice(1).map(nameOf);
    return this.#once(`round trip ${source} ${parameters.join(' ')}`, () => {
      const [codes, real] = [this.#fresh(), this.#fresh()];
      this.#nodes.push({ ...quantize, name: codes, inputs: [source, ...parameters], outputs: [codes] });
      this.#nodes.push({
        ...dequantize,
        name: real,
        inputs: [codes, ...dequantize.inputs.slice(1).map(nameOf)],
        outputs: [real],
      });
      return real;
    });
  }

  /**
   * A layer with its activation once more.
   * @param output whether its QuantizeLinear and DequantizeLinear come along; shielded: the runtime would make integers of
   * float weights between two pairs of them
   * @returns its output
   */
  clone(
    group: QdqGroup,
    inputs: readonly string[],
    { index, nameOf, output }: { index: GraphIndex; nameOf: (value: string) => string; output: CloneOutput },
  ): string {
    let last = this.#fresh();
    // Further outputs (Split) get names that nobody reads.
    const outputs = group.node.outputs.map((value, at) => (at === 0 ? last : value === '' ? '' : this.#fresh()));
    this.#nodes.push({ ...group.node, name: last, inputs, outputs });
    if (group.clip !== undefined) {
      const clipped = this.#fresh();
      const [, ...limits] = group.clip.inputs;
      this.#nodes.push({ ...group.clip, name: clipped, inputs: [last, ...limits.map(nameOf)], outputs: [clipped] });
      last = clipped;
    }
    if (group.codes === undefined || output === 'float') return last;
    if (output === 'shielded') last = this.copy(floatCopyNode([last], last), [last]);
    const quantize = index.producer(group.codes)!;
    const dequantize = index.consumers(group.codes).find((reader) => hasTrait(reader, 'dequantizes'))!;
    return this.roundTrip(last, quantize, dequantize, nameOf);
  }

  /** A node with one output once more, on other inputs. @returns its output */
  copy(node: Node, inputs: readonly string[]): string {
    const output = this.#fresh();
    this.#nodes.push({ ...node, name: output, inputs, outputs: [output] });
    return output;
  }

  /** All axes of a layer's output but its channels'; undefined: it has none. */
  axesBesideChannels(tensor: string, op: string): readonly number[] | undefined {
    const rank = this.#knowledge.rank(tensor);
    const channel = rank === undefined ? undefined : channelAxis(rank, op);
    if (channel === undefined || rank === undefined) return undefined;
    return [...Array(rank).keys()].filter((axis) => axis !== channel);
  }

  minus(a: string, b: string): string {
    return this.#once(`${a} minus ${b}`, () => {
      const output = this.#fresh();
      this.#nodes.push(subtractNode([a, b], output, { name: output }));
      return output;
    });
  }

  sizeOf(value: string): string {
    return this.#once(`size ${value}`, () => {
      const output = this.#fresh();
      this.#nodes.push(sizeNode([value], output, { name: output }));
      this.#outputs.set(output, makeValueInfo(output, 'int64', []));
      return output;
    });
  }

  /**
   * Σx². Over some axes as a product and a sum: the runtime's own operator takes twice as long as both when it leaves an axis, and
   * half as long when it leaves none.
   * @param axes undefined: over all elements
   */
  sumOfSquares(value: string, axes: readonly number[] | undefined): string {
    return this.#once(`squares ${value} ${axes?.join(' ')}`, () => {
      const output = this.#fresh();
      const attributes = { keepdims: 0n };
      this.#outputs.set(output, makeValueInfo(output, 'float32', axes === undefined ? [] : [null]));
      if (axes === undefined) {
        this.#nodes.push(sumOfSquaresNode([value], output, { name: output, attributes }));
        return output;
      }
      const square = this.#fresh();
      this.#nodes.push(productNode([value, value], square, { name: square }));
      const asInput = this.#opset >= PER_CHANNEL_OPSET;
      const inputs = asInput ? [square, this.#axesTensor(axes)] : [square];
      const own = asInput ? attributes : { ...attributes, axes: axes.map(BigInt) };
      this.#nodes.push(sumNode(inputs, output, { name: output, attributes: own }));
      return output;
    });
  }

  #axesTensor(axes: readonly number[]): string {
    const name = `lapidary_axes_${axes.join('_')}`;
    if (!this.#initializers.has(name)) {
      this.#initializers.set(name, makeTensor(name, 'int64', [axes.length], BigInt64Array.from(axes, BigInt)));
    }
    return name;
  }

  #once(key: string, make: () => string): string {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#made.set(key, made);
    return made;
  }

  #fresh(): string {
    return `lapidary_error_${this.#count++}`;
  }
}
