import { StudioError } from '../../../base/errors.ts';
import { makeAttribute } from '../../graph/attributes.ts';
import { allValueNames } from '../../graph/index-graph.ts';
import type { Dim, Model, Node, Tensor, ValueInfo } from '../../graph/ir.ts';
import { claimName } from '../../graph/layers.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { makeTensor } from '../../graph/make.ts';
import type { AxisRef, ChannelTies } from '../../operators/channel-ties.ts';
import type { ChannelCut, NodeRecut } from '../../operators/channel-cut.ts';
import type { ChannelFacet } from '../../operators/channels.ts';
import { inferModel } from '../../operators/infer.ts';
import { productNode, replaceElementsNode } from '../../operators/nodes.ts';
import { operatorSpec } from '../../operators/table.ts';
import { withoutDeadNodes } from '../../passes/dead-code.ts';
import type { Closure } from '../../channels/closure.ts';
import type { Removal } from './removal.ts';
import { valueAt } from '../../channels/scene.ts';
import { sliceTensor, type AxisPlaces } from './slice-tensor.ts';

/**
 * Takes the elements of a removal out of a model: stored tensors are sliced, attributes and sizes that count channels are
 * rewritten by the operators' rules, stated shapes follow, and what nothing uses any more goes. Shapes are inferred again and
 * compared with what the cut promised. Values keep their names. Linear in the bytes of the tensors that are cut.
 * @throws UNSUPPORTED where the shapes of the cut model are not the promised ones
 */
export function cutModel(closure: Closure, removal: Removal): Model {
  if (removal.isEmpty) return closure.model;
  const surgeon = new Surgeon(closure, removal);
  const cut = surgeon.cut();
  requireShapes(cut, closure, removal);
  return cut;
}

class Surgeon {
  readonly #closure: Closure;
  readonly #removal: Removal;
  readonly #names: Set<string>;
  readonly #settings: Tensor[] = [];
  /** Nodes that stand before others, and behind them. */
  readonly #before = new Map<Node, Node>();
  readonly #behind = new Map<Node, Node>();
  readonly #stored: ReadonlyMap<string, Tensor>;

  constructor(closure: Closure, removal: Removal) {
    this.#closure = closure;
    this.#removal = removal;
    const { graph } = closure.model;
    this.#names = new Set([...allValueNames(graph), ...graph.nodes.map(({ name }) => name)]);
    this.#stored = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  }

  cut(): Model {
    const { model } = this.#closure;
    const { graph } = model;
    const nodes = graph.nodes.flatMap((node) => {
      const cut = this.#cutNode(node);
      return [this.#before.get(cut), cut, this.#behind.get(cut)].filter((one) => one !== undefined);
    });
    const initializers = [...graph.initializers.map((tensor) => this.#cutTensor(tensor)), ...this.#settings];
    const info = (one: ValueInfo): ValueInfo => this.#cutInfo(one);
    const cut = {
      ...graph,
      nodes,
      initializers,
      inputs: graph.inputs.map(info),
      valueInfos: graph.valueInfos.map(info),
    };
    return { ...model, graph: withoutUnused(withoutDeadNodes(cut)) };
  }

  #slices(value: string, rank: number): AxisPlaces[] {
    return Array.from({ length: rank }, (_, axis) => axis).flatMap((axis) => {
      const places = this.#removal.kept(value, axis);
      return places === undefined ? [] : [{ axis, places }];
    });
  }

  #cutTensor(tensor: Tensor): Tensor {
    const slices = this.#slices(tensor.name, tensor.dims.length);
    return slices.length === 0 ? tensor : sliceTensor(tensor, slices);
  }

  #cutInfo(info: ValueInfo): ValueInfo {
    const { type } = info;
    if (type?.kind !== 'tensor' || type.shape === undefined) return info;
    const shape = [...type.shape];
    for (const { axis, places } of this.#slices(info.name, shape.length)) {
      if (typeof shape[axis] === 'number') shape[axis] = places.length;
      else shape[axis] = null;
    }
    return { ...info, type: { ...type, shape } };
  }

  #cutNode(node: Node): Node {
    const ties = this.#closure.ties.get(node);
    const facet = operatorSpec(node.domain, node.opType)?.channels;
    if (ties === undefined || facet === undefined || !this.#touches(node, ties)) return node;
    const kept = (ref: AxisRef): Uint32Array | undefined => this.#removal.kept(valueAt(node, ref), ref.axis);
    const cut: ChannelCut = { before: ties, kept };
    const recut = facet.recut?.(cut);
    const rewritten = recut === undefined ? node : this.#scale(this.#rewrite(node, recut), recut);
    return facet.sizes === undefined ? rewritten : this.#restate(rewritten, ties, facet.sizes);
  }

  #touches(node: Node, ties: ChannelTies): boolean {
    const touched = (side: AxisRef['side'], values: readonly string[]): boolean =>
      values.some((value, position) => value !== '' && this.#slices(value, ties.rank(side, position) ?? 0).length > 0);
    return touched('input', node.inputs) || touched('output', node.outputs);
  }

  #rewrite(node: Node, { attributes = {}, without = [], settings = {}, instead }: NodeRecut): Node {
    const replaced = new Set([...without, ...Object.keys(attributes)]);
    const kept = node.attributes.filter(({ name }) => !replaced.has(name));
    const added = Object.entries(attributes).map(([name, value]) => makeAttribute(name, value));
    let inputs: string[] = [...node.inputs];
    if (instead !== undefined) {
      inputs = instead.inputs.map((input) => (typeof input === 'string' ? input : this.#setting(node, input)));
    }
    for (const [position, values] of Object.entries(settings)) {
      while (inputs.length <= Number(position)) inputs.push('');
      inputs[Number(position)] = this.#setting(node, values);
    }
    return { ...node, opType: instead?.opType ?? node.opType, inputs, attributes: [...kept, ...added] };
  }

  /** Stored inputs are multiplied by their factors; behind the node stands a product where its output is. */
  #scale(node: Node, { factors = {}, scaled }: NodeRecut): Node {
    let inputs: readonly string[] = node.inputs;
    for (const [position, factor] of Object.entries(factors)) {
      const tensor = this.#stored.get(inputs[Number(position)] ?? '');
      if (tensor === undefined)
        throw new Error(`${node.opType} '${node.name}' is cut by a rule for stored inputs only`);
      const name = claimName(`${tensor.name}_cut`, this.#names);
      const values = Float64Array.from(
        tensorValues(this.#cutTensor(tensor)) as ArrayLike<number>,
        (value) => value * factor,
      );
      this.#settings.push(makeTensor(name, tensor.dtype, this.#cutTensor(tensor).dims, floatsOf(tensor.dtype, values)));
      inputs = inputs.with(Number(position), name);
    }
    if (scaled === undefined) return { ...node, inputs };
    const [value = '', ...others] = node.outputs;
    const given = claimName(`${value}_cut`, this.#names);
    const by = claimName(`${node.name}_cut`, this.#names);
    const dtype = this.#closure.inference.values.get(value)?.dtype ?? 'float32';
    this.#settings.push(makeTensor(by, dtype, [], floatsOf(dtype, [scaled])));
    const changed = { ...node, inputs, outputs: [given, ...others] };
    const name = claimName(`${node.name}_cut`, this.#names);
    this.#behind.set(changed, productNode([given, by], value, { name }));
    return changed;
  }

  /**
   * Sizes that count elements which were cut. Where at most one of the others is not known before the model runs, they become
   * constants; else those that changed are replaced in what the model computes.
   */
  #restate(node: Node, ties: ChannelTies, { input, infersOne }: NonNullable<ChannelFacet['sizes']>): Node {
    const sizes = ties.elements(input);
    const rank = ties.rank('output', 0) ?? 0;
    if (!ties.has('input', input) || sizes === undefined) return node;
    const changed = sizes.flatMap((size, at) => {
      const kept = this.#removal.kept(node.outputs[0] ?? '', at + rank - sizes.length);
      return kept === undefined || typeof size !== 'number' || size <= 1 ? [] : [{ at, size: kept.length }];
    });
    if (changed.length === 0) return node;
    const after: readonly Dim[] = sizes.map((size, at) => changed.find((one) => one.at === at)?.size ?? size);
    const open = after.filter((size) => typeof size !== 'number' || size < 0);
    const known = open.length === 0 || (infersOne && open.length === 1 && !after.includes(0));
    if (known) {
      const values = after.map((size) => (typeof size === 'number' ? size : -1));
      return { ...node, inputs: node.inputs.with(input, this.#setting(node, values)) };
    }
    const places = this.#setting(
      node,
      changed.map(({ at }) => at),
    );
    const values = this.#setting(
      node,
      changed.map(({ size }) => size),
    );
    const stated = claimName(`${node.name}_cut`, this.#names);
    const name = claimName(`${node.name}_cut`, this.#names);
    const restated = { ...node, inputs: node.inputs.with(input, stated) };
    this.#before.set(restated, replaceElementsNode([node.inputs[input] ?? '', places, values], stated, { name }));
    return restated;
  }

  #setting(node: Node, values: readonly number[]): string {
    const name = claimName(`${node.name}_cut`, this.#names);
    const elements = BigInt64Array.from(values, (value) => BigInt(value));
    this.#settings.push(makeTensor(name, 'int64', [values.length], elements));
    return name;
  }
}

function floatsOf(dtype: DType, values: ArrayLike<number>): Float32Array | Float64Array {
  return dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
}

/** Without stored tensors that no node and no output uses. */
function withoutUnused(graph: Model['graph']): Model['graph'] {
  const used = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    for (const value of node.inputs) used.add(value);
    if (node.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) return graph;
  }
  const initializers = graph.initializers.filter(({ name }) => used.has(name));
  if (initializers.length === graph.initializers.length) return graph;
  // IR version 3 repeats stored tensors among the inputs.
  const gone = new Set(graph.initializers.map(({ name }) => name).filter((name) => !used.has(name)));
  return { ...graph, initializers, inputs: graph.inputs.filter(({ name }) => !gone.has(name)) };
}

/** @throws UNSUPPORTED naming the first value whose inferred size is not the promised one */
function requireShapes(model: Model, { axes }: Closure, removal: Removal): void {
  const { values } = inferModel(model);
  for (const { value, axis, size } of axes.axes) {
    const inferred = values.get(value)?.shape?.[axis];
    const promised = removal.kept(value, axis)?.length ?? size;
    if (typeof inferred !== 'number' || inferred === promised) continue;
    throw new StudioError(
      'UNSUPPORTED',
      `The cut model would give '${value}' ${inferred} elements on axis ${axis}, expected ${promised}`,
      { hint: 'Leave the layers around it out, and report the model.' },
    );
  }
}
