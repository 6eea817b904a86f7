import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Model, Node, Tensor, ValueInfo } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { makeTensor, makeValueInfo } from '../graph/make.ts';
import { hasTrait, isQdq } from '../operators/ask.ts';
import { channelAxis } from '../operators/axes.ts';
import { sizeNode, subtractNode, sumOfSquaresNode } from '../operators/nodes.ts';
import { mergeModels } from '../passes/merge-models.ts';
import { qdqGroups, type QdqGroup } from './qdq-groups.ts';
import { defaultOpset, type ValueKnowledge } from '../passes/upgrade-opset.ts';

/** A layer whose output is compared, and the outputs of the error model that tell about it. */
export interface ComparedLayer {
  readonly name: string;
  readonly op: string;
  /** The tensor in the float model. */
  readonly tensor: string;
  /** Σx², Σ(x−y)² and Σy² of the whole model, for each channel or as one number; and the number of elements. */
  readonly accumulated: {
    readonly reference: string;
    readonly difference: string;
    readonly approximation: string;
    readonly size: string;
  };
  /** Σ(x−y)² where only this layer is quantized; null for layers that are not. */
  readonly localDifference: string | null;
  /** Whether the sums are for each channel. */
  readonly byChannel: boolean;
}

/** A model that runs both models on the same input and gives sums of squares instead of activations. */
export interface ErrorModel {
  readonly model: Model;
  readonly layers: readonly ComparedLayer[];
}

/**
 * Builds the error model: the float model, the quantized one beside it, and a copy of each quantized layer that reads the
 * float model's tensors through the layer's own QuantizeLinear. Only dequantized tensors are tapped, so the quantized
 * half fuses as it does alone.
 * @param float and `quantized`: same opset ≥ 13, every node named uniquely
 * @param knowledge of the float model's values
 * @throws UNSUPPORTED when the models cannot stand side by side
 */
export function buildErrorModel(float: Model, quantized: Model, knowledge: ValueKnowledge): ErrorModel {
  const { model, nameInSecond } = mergeModels(float, quantized);
  const builder = new ErrorModelBuilder(model.graph, defaultOpset(model), knowledge);
  const layers = matchLayers(float.graph, quantized.graph, knowledge).map((match) => {
    const local =
      match.group === undefined
        ? null
        : cloneLayer(builder, match, { quantized: quantized.graph, float: float.graph, nameInSecond });
    return builder.compare(match, nameInSecond(match.real), local);
  });
  return { model: { ...model, graph: builder.build() }, layers };
}

interface Match {
  readonly name: string;
  readonly op: string;
  /** In the float model. */
  readonly tensor: string;
  /** In the quantized model, dequantized. */
  readonly real: string;
  /** undefined: the layer is float in both models. */
  readonly group: QdqGroup | undefined;
}

/** The layers of the float model whose output can be found in the quantized one, in the float model's order. */
function matchLayers(float: Graph, quantized: Graph, knowledge: ValueKnowledge): readonly Match[] {
  const [inFloat, inQuantized] = [indexGraph(float), indexGraph(quantized)];
  const names = layerNames(float);
  const known = new Set(names);
  const groups = new Map<string, { group: QdqGroup; tensor: string }>();
  for (const group of qdqGroups(quantized)) {
    const tensor = [group.real, group.raw].find((name) => inFloat.producer(name) !== undefined);
    const layer = known.has(group.layer) ? group.layer : layerOf(inFloat, names, tensor);
    if (tensor !== undefined && layer !== undefined) groups.set(layer, { group, tensor });
  }
  // What lies inside of a group (a Conv's output before its Relu) is not tapped: that would keep it from fusing.
  const covered = new Set([...groups.values()].map(({ tensor }) => tensor));
  for (const group of qdqGroups(quantized)) {
    if (group.codes !== undefined) covered.add(group.raw).add(group.node.outputs[0] ?? '');
  }
  return float.nodes.flatMap((node, at): Match[] => {
    const name = names[at]!;
    const found = groups.get(name);
    if (found !== undefined)
      return [{ name, op: node.opType, tensor: found.tensor, real: found.group.real, group: found.group }];
    const tensor = node.outputs[0] ?? '';
    const same = inQuantized.producer(tensor);
    const comparable = !hasTrait(node, 'constant') && !isQdq(node) && same !== undefined && !isQdq(same);
    if (!comparable || covered.has(tensor) || knowledge.dtype(tensor) !== 'float32') return [];
    return [{ name, op: node.opType, tensor, real: tensor, group: undefined }];
  });
}

function layerOf(index: GraphIndex, names: readonly string[], tensor: string | undefined): string | undefined {
  const producer = tensor === undefined ? undefined : index.producer(tensor);
  return producer === undefined ? undefined : names[index.position(producer)];
}

interface CloneSources {
  readonly quantized: Graph;
  readonly float: Graph;
  readonly nameInSecond: (value: string) => string;
}

/** Copies a quantized layer onto the float model's tensors. @returns its dequantized output; null where an input has no match */
function cloneLayer(builder: ErrorModelBuilder, match: Match, from: CloneSources): string | null {
  const group = match.group!;
  const index = indexGraph(from.quantized);
  const inFloat = indexGraph(from.float);
  const inputs: string[] = [];
  for (const value of group.node.inputs) {
    const dequantize = index.producer(value);
    const quantize = hasTrait(dequantize, 'dequantizes') ? index.producer(dequantize?.inputs[0] ?? '') : undefined;
    if (dequantize === undefined || quantize === undefined || !hasTrait(quantize, 'quantizes')) {
      // A weight, a bias or a shape: the same as in the quantized model.
      inputs.push(from.nameInSecond(value));
      continue;
    }
    const source = [value, quantize.inputs[0] ?? '', ...dequantizedNames(index, quantize)].find(
      (name) => inFloat.producer(name) !== undefined || inFloat.input(name) !== undefined,
    );
    if (source === undefined) return null;
    inputs.push(builder.roundTrip(source, quantize, dequantize, from.nameInSecond));
  }
  return builder.clone(group, inputs, index, from.nameInSecond);
}

/** Every name under which the value of a QuantizeLinear is read. */
function dequantizedNames(index: GraphIndex, quantize: Node): readonly string[] {
  return index.consumers(quantize.outputs[0] ?? '').map((node) => node.outputs[0] ?? '');
}

class ErrorModelBuilder {
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

  build(): Graph {
    return {
      ...this.#graph,
      nodes: [...this.#graph.nodes, ...this.#nodes],
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

  /** Layer, activation, QuantizeLinear and DequantizeLinear once more. @returns the dequantized output */
  clone(group: QdqGroup, inputs: readonly string[], index: GraphIndex, nameOf: (value: string) => string): string {
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
    if (group.codes === undefined) return last;
    const quantize = index.producer(group.codes)!;
    const dequantize = index.consumers(group.codes).find((reader) => hasTrait(reader, 'dequantizes'))!;
    return this.roundTrip(last, quantize, dequantize, nameOf);
  }

  /** Adds the sums that compare a layer's output in the three models. */
  compare(match: Match, real: string, local: string | null): ComparedLayer {
    const { name, op, tensor } = match;
    const rank = this.#knowledge.rank(tensor);
    const channel = rank === undefined ? undefined : channelAxis(rank, op);
    const axes =
      channel === undefined || rank === undefined
        ? undefined
        : [...Array(rank).keys()].filter((axis) => axis !== channel);
    const sum = (value: string, over: readonly number[] | undefined): string => this.#sumOfSquares(value, over);
    return {
      name,
      op,
      tensor,
      byChannel: axes !== undefined,
      accumulated: {
        reference: sum(tensor, axes),
        difference: sum(this.#minus(tensor, real), axes),
        approximation: sum(real, axes),
        size: this.#sizeOf(tensor),
      },
      localDifference: local === null ? null : sum(this.#minus(tensor, local), undefined),
    };
  }

  #minus(a: string, b: string): string {
    const output = this.#fresh();
    this.#nodes.push(subtractNode([a, b], output, { name: output }));
    return output;
  }

  #sizeOf(value: string): string {
    return this.#once(`size ${value}`, () => {
      const output = this.#fresh();
      this.#nodes.push(sizeNode([value], output, { name: output }));
      this.#outputs.set(output, makeValueInfo(output, 'int64', []));
      return output;
    });
  }

  /** @param axes undefined: over all elements */
  #sumOfSquares(value: string, axes: readonly number[] | undefined): string {
    return this.#once(`squares ${value} ${axes?.join(' ')}`, () => {
      const output = this.#fresh();
      // Axes became an input in opset 18.
      const asInput = axes !== undefined && this.#opset >= 18;
      const inputs = asInput ? [value, this.#axesTensor(axes)] : [value];
      const attributes = { keepdims: 0n, ...(axes !== undefined && !asInput ? { axes: axes.map(BigInt) } : {}) };
      this.#nodes.push(sumOfSquaresNode(inputs, output, { name: output, attributes }));
      this.#outputs.set(output, makeValueInfo(output, 'float32', axes === undefined ? [] : [null]));
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
