import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { freezeEnds, freezeNode, joinTies, relateNodes, shapesOf } from '../channels/closure.ts';
import { ElementSets } from '../channels/element-sets.ts';
import { chooseFolds } from '../channels/folds.ts';
import { axisTable, type AxisTable } from '../channels/axis-table.ts';
import { freezeAxis, freezeValue, type ClosureScene } from '../channels/scene.ts';
import type { SolvableLayer } from '../linear/solvable-layers.ts';
import { hasTrait } from '../operators/ask.ts';
import { clipBounds } from '../operators/clip-bounds.ts';
import type { AxisFold, AxisRef, ChannelTies } from '../operators/channel-ties.ts';
import { inferModel } from '../operators/infer.ts';
import type { ClipBounds } from '../operators/spec.ts';
import { operatorSpec } from '../operators/table.ts';

/** A stored tensor whose elements along an axis take the factors of their sets. */
export interface StoredChannels {
  readonly node: Node;
  readonly input: number;
  readonly tensor: string;
  readonly axis: number;
}

/** A Clip with a limit besides zero: channels inside of it may be scaled as long as they stay there. */
export interface LimitedNode {
  readonly node: Node;
  readonly bounds: ClipBounds;
}

/** Which elements of which axes have to be scaled by the same factor for the model to give what it gave. */
export interface ScaleClosure {
  readonly model: Model;
  readonly axes: AxisTable;
  readonly sets: ElementSets;
  /** Stored operands beside the data, divided by the factor of their set. */
  readonly offsets: readonly StoredChannels[];
  /** Stored factors of a channel that can take up any factor: γ and β of normalizations, constants of a product. */
  readonly gains: readonly StoredChannels[];
  readonly limits: readonly LimitedNode[];
}

/**
 * Closes over what a factor passes through (the `scaling` facet of the operator table): each element of each axis belongs to
 * a set that is scaled by one factor, or stays. At layers with weights a set ends: the rows of its weights take up what its
 * output is divided by, their columns what its data were divided by.
 * @param model in the form of `prepareEqualization`
 * @param layers linear in weights that may be scaled; all others stay
 */
export function closeScales(model: Model, layers: readonly SolvableLayer[]): ScaleClosure {
  const inference = inferModel(model);
  const axes = axisTable(shapesOf(model, inference));
  const sets = new ElementSets(axes.count);
  const scene = { graph: model.graph, axes, sets };
  const closing = new Closing(scene, new Map(layers.map((layer) => [layer.node, layer])));
  const ties = relateNodes(model, inference);
  for (const node of model.graph.nodes) closing.take(node, ties.get(node));
  freezeEnds(scene);
  closing.chooseFactors();
  chooseFolds(scene, closing.folds);
  const { offsets, gains, limits } = closing;
  return { model, axes, sets, offsets, gains, limits };
}

class Closing {
  readonly offsets: StoredChannels[] = [];
  readonly gains: StoredChannels[] = [];
  readonly limits: LimitedNode[] = [];
  readonly folds: { readonly node: Node; readonly fold: AxisFold }[] = [];
  readonly #scene: ClosureScene;
  readonly #index: GraphIndex;
  readonly #layers: ReadonlyMap<Node, SolvableLayer>;
  readonly #products: { readonly node: Node; readonly ties: ChannelTies }[] = [];

  constructor(scene: ClosureScene, layers: ReadonlyMap<Node, SolvableLayer>) {
    this.#scene = scene;
    this.#index = indexGraph(scene.graph);
    this.#layers = layers;
  }

  take(node: Node, ties: ChannelTies | undefined): void {
    const layer = this.#layers.get(node);
    if (layer !== undefined) return this.#takeLayer(layer);
    // A shape is the same whatever the values.
    if (hasTrait(node, 'readsShape')) return;
    const rule = operatorSpec(node.domain, node.opType)?.scaling;
    if (rule?.kind === 'gains') return this.#takeGains(node, rule);
    if (ties === undefined) return this.#refuse(node);
    const bounds = clipBounds(node, this.#index);
    if (bounds !== undefined) {
      this.#pass(node, ties, 0);
      if (Number.isFinite(bounds.high) || (Number.isFinite(bounds.low) && bounds.low !== 0)) {
        this.limits.push({ node, bounds });
      }
      return;
    }
    if (rule === undefined) return this.#refuse(node);
    switch (rule.kind) {
      case 'passes':
        return rule.holds?.(ties) === false ? this.#refuse(node) : this.#pass(node, ties, rule.input);
      case 'joins':
        return this.#join(node, ties);
      case 'multiplies':
        this.#products.push({ node, ties });
    }
  }

  /** Products are looked at when it is known what stays: the factor goes on through the side that may change. */
  chooseFactors(): void {
    for (const { node, ties } of this.#products) {
      const stored = node.inputs.findIndex((value) => this.#index.initializer(value) !== undefined);
      const open = [0, 1].filter((at) => at !== stored && this.#mayChange(node.inputs[at] ?? '', ties, at));
      const [chosen] = open;
      if (chosen !== undefined && node.inputs[0] !== node.inputs[1]) this.#pass(node, ties, chosen);
      else if (stored < 0 || !this.#isGain(node, stored, ties)) this.#refuse(node);
    }
  }

  #refuse(node: Node): void {
    freezeNode(this.#scene, node, `${node.opType} '${node.name}' does not pass a factor on`);
  }

  /** Only channels of its data and of its output may be scaled. */
  #takeLayer({ node, data, form }: SolvableLayer): void {
    for (const value of [data, node.outputs[0] ?? '']) {
      const rank = this.#scene.axes.shape(value)?.length ?? 0;
      const channels = form.channelsLast ? rank - 1 : 1;
      for (let axis = 0; axis < rank; axis++) {
        if (axis !== channels) freezeAxis(this.#scene, value, axis, `'${node.name}' sees all of it alike`);
      }
    }
    // Further operands, the sum that a fused form takes among them, are none that a factor goes through.
    for (const value of node.inputs.slice(3))
      if (value !== '') freezeValue(this.#scene, value, `'${node.name}' adds it`);
  }

  #takeGains(
    node: Node,
    { gain, offset, channelsLast }: { gain: number; offset: number | undefined; channelsLast: boolean },
  ): void {
    const [output = '', ...others] = node.outputs;
    const { axes } = this.#scene;
    const rank = axes.shape(output)?.length ?? 0;
    const channels = channelsLast ? rank - 1 : 1;
    const size = axes.size(output, channels);
    const tensors = [gain, ...(offset === undefined || (node.inputs[offset] ?? '') === '' ? [] : [offset])];
    for (const value of [...node.inputs.filter((_, at) => !tensors.includes(at)), ...others]) {
      if (value !== '') freezeValue(this.#scene, value, `'${node.name}' normalizes it`);
    }
    const fits = tensors.every((at) => {
      const tensor = this.#index.initializer(node.inputs[at] ?? '');
      return tensor?.dims.length === 1 && tensor.dims[0] === size && this.#isAlone(tensor.name);
    });
    for (let axis = 0; axis < rank; axis++) {
      if (!fits || axis !== channels) freezeAxis(this.#scene, output, axis, `'${node.name}' has no factor for it`);
    }
    if (!fits) return;
    for (const input of tensors) this.#takeUp({ node, input, tensor: node.inputs[input]!, axis: 0 }, channels);
  }

  #isAlone(value: string): boolean {
    return this.#index.consumers(value).length === 1 && !this.#index.isOutput(value);
  }

  /** Through one input; what else it takes stays, or is no data. */
  #pass(node: Node, ties: ChannelTies, input: number): void {
    for (const [position, value] of node.inputs.entries()) {
      const data = position !== input && value !== '' && this.#index.initializer(value) === undefined;
      if (data) freezeValue(this.#scene, value, `'${node.name}' takes it beside what is scaled`);
    }
    const concerns = ({ side, position }: { side: string; position: number }): boolean =>
      side === 'output' || position === input;
    this.folds.push(...joinTies(this.#scene, node, ties, { concerns }));
    this.#keepBroadcast(node, ties, [input]);
    this.#takeStored(node, input);
  }

  #join(node: Node, ties: ChannelTies): void {
    this.folds.push(...joinTies(this.#scene, node, ties));
    this.#keepBroadcast(
      node,
      ties,
      node.inputs.flatMap((value, at) => (value === '' || this.#isZero(value) ? [] : [at])),
    );
    for (const input of node.inputs.keys()) this.#takeStored(node, input);
  }

  /** A stored operand is scaled with the channels that it goes with. */
  #takeStored(node: Node, input: number): void {
    const value = node.inputs[input] ?? '';
    const tensor = this.#index.initializer(value);
    if (tensor === undefined) return;
    const may = /float/.test(tensor.dtype) && this.#isAlone(value);
    tensor.dims.forEach((size, axis) => {
      if (size < 2) return;
      if (may) this.offsets.push({ node, input, tensor: value, axis });
      else freezeAxis(this.#scene, value, axis, `'${value}' is used elsewhere too`);
    });
  }

  /** An axis of the output that such an input is spread along has no factor for each of its elements. */
  #keepBroadcast(node: Node, { ties, folds }: ChannelTies, inputs: readonly number[]): void {
    const [output = ''] = node.outputs;
    const joins = (a: AxisRef, b: AxisRef, input: number, axis: number): boolean =>
      a.side === 'input' && a.position === input && b.side === 'output' && b.position === 0 && b.axis === axis;
    for (let axis = 0; axis < (this.#scene.axes.shape(output)?.length ?? 0); axis++) {
      const reached = (input: number): boolean =>
        ties.some(({ from, to }) => joins(from, to, input, axis) || joins(to, from, input, axis)) ||
        folds.some(({ from, to }) => [...from, ...to].some((ref) => ref.side === 'output' && ref.axis === axis));
      if (inputs.every(reached)) continue;
      freezeAxis(this.#scene, output, axis, `'${node.name}' spreads one of its inputs along it`);
    }
  }

  #isZero(value: string): boolean {
    const tensor = this.#index.initializer(value);
    if (tensor === undefined || !/float/.test(tensor.dtype)) return false;
    return (tensorValues(tensor) as Float32Array).every((each) => each === 0);
  }

  /** A product with a stored number for each channel: that takes up any factor. */
  #isGain(node: Node, stored: number, ties: ChannelTies): boolean {
    const value = node.inputs[stored] ?? '';
    const tensor = this.#index.initializer(value);
    const [output = ''] = node.outputs;
    const rank = ties.rank('output', 0) ?? 0;
    const wide = tensor?.dims.flatMap((size, axis) => (size > 1 ? [axis] : [])) ?? [];
    const [axis] = wide;
    if (tensor === undefined || wide.length !== 1 || axis === undefined || !this.#isAlone(value)) return false;
    const at = axis + rank - tensor.dims.length;
    if (ties.size(ties.output(0, at)) !== tensor.dims[axis]) return false;
    const other = node.inputs[1 - stored] ?? '';
    freezeValue(this.#scene, other, `'${node.name}' multiplies it`);
    for (let each = 0; each < rank; each++) {
      if (each !== at) freezeAxis(this.#scene, output, each, `'${node.name}' has no factor for it`);
    }
    this.#takeUp({ node, input: stored, tensor: value, axis }, at);
    return true;
  }

  /** The stored numbers go with the channels on this axis of the node's output. */
  #takeUp(stored: StoredChannels, channels: number): void {
    const { axes, sets } = this.#scene;
    const [own, given] = [axes.first(stored.tensor, stored.axis), axes.first(stored.node.outputs[0] ?? '', channels)];
    if (own < 0 || given < 0) return;
    for (let i = 0; i < axes.size(stored.tensor, stored.axis); i++) sets.join(own + i, given + i);
    this.gains.push(stored);
  }

  #mayChange(value: string, ties: ChannelTies, input: number): boolean {
    const { axes, sets } = this.#scene;
    const rank = ties.rank('input', input) ?? 0;
    for (let axis = 0; axis < rank; axis++) {
      const first = axes.first(value, axis);
      if (first < 0) continue;
      for (let at = first; at < first + axes.size(value, axis); at++) if (!sets.isFrozen(at)) return true;
    }
    return false;
  }
}
