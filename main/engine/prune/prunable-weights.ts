import type { Graph, Model, Node, Tensor } from '../graph/ir.ts';
import { elementCount } from '../graph/tensor-size.ts';
import { subgraphsOf, walkGraphs, walkNodes } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { constantBehind } from '../operators/constant-behind.ts';
import { operatorSpec } from '../operators/table.ts';
import type { PrunableModel } from './prepare.ts';

/** A layer with weights that may be set to zero. */
export interface PrunableLayer {
  readonly name: string;
  readonly op: string;
  /** Its weights as the model stores them; a tensor that several layers share stands at the first of them only. */
  readonly tensors: readonly Tensor[];
  /** The same, with how the layer takes them. */
  readonly weights: readonly TakenWeight[];
}

/** A stored tensor as the first node that takes it sees it. */
export interface TakenWeight {
  readonly tensor: Tensor;
  readonly node: Node;
  /** Its place among the node's inputs. */
  readonly input: number;
  /** The graph of the node. */
  readonly graph: Graph;
  /** Axis k of what the node takes is axis `axes[k]` of the tensor; null: its elements lie in another shape. */
  readonly axes: readonly number[] | null;
}

/** A layer with weights that stay as they are, and why. */
export interface FrozenLayer {
  readonly name: string;
  readonly reason: string;
}

export interface PrunableWeights {
  readonly layers: readonly PrunableLayer[];
  readonly frozen: readonly FrozenLayer[];
  /** The weights of every layer that has some, shared and excluded ones included, by layer name. */
  readonly weightsOf: ReadonlyMap<string, readonly Tensor[]>;
}

const FLOATS = new Set(['float32', 'float16', 'bfloat16', 'float64']);

/**
 * Finds the large weights of a model: kernels and matrices, in initializers and in Constant nodes, in the main graph and
 * in subgraphs, also behind a Transpose or Reshape. Biases, normalisation parameters and lookup tables are not among them.
 * A tensor that an excluded layer shares is frozen for the others too.
 * @param excluded layers of the source
 */
export function prunableWeights(
  { model, layerOf }: Pick<PrunableModel, 'model' | 'layerOf'>,
  excluded: ReadonlySet<string>,
): PrunableWeights {
  const outerOf = outerGraphs(model);
  const frozen: FrozenLayer[] = [];
  const byLayer = new Map<string, { readonly name: string; readonly op: string; readonly taken: TakenWeight[] }>();
  for (const { node, layer, graph } of walkNodes(model)) {
    const verdict = weightsOfNode(node, (value) => resolveWeight(value, graph, outerOf));
    const { name, op } = layerOf(node, layer);
    if ('reason' in verdict) frozen.push({ name, reason: verdict.reason });
    else if (verdict.found.length > 0) {
      const known = byLayer.get(name) ?? { name, op, taken: [] };
      byLayer.set(name, known);
      for (const found of verdict.found) {
        if (known.taken.every(({ tensor }) => tensor !== found.tensor)) known.taken.push({ ...found, node, graph });
      }
    }
  }
  const found = [...byLayer.values()].map((layer) => ({ ...layer, tensors: layer.taken.map(({ tensor }) => tensor) }));
  const untouchable = new Map<Tensor, string>();
  for (const { name, tensors } of found)
    if (excluded.has(name)) for (const tensor of tensors) untouchable.set(tensor, name);
  const owner = new Map<Tensor, string>();
  const layers: PrunableLayer[] = [];
  for (const { name, op, tensors, taken } of found) {
    if (excluded.has(name)) {
      frozen.push({ name, reason: 'left out by the recipe' });
      continue;
    }
    const free = tensors.filter((tensor) => !untouchable.has(tensor));
    const own = free.filter((tensor) => !owner.has(tensor));
    for (const tensor of own) owner.set(tensor, name);
    const weights = taken.filter(({ tensor }) => own.includes(tensor));
    if (own.length > 0) layers.push({ name, op, tensors: own, weights });
    else frozen.push({ name, reason: sharedReason(tensors, free, { untouchable, owner }) });
  }
  return { layers, frozen, weightsOf: new Map(found.map(({ name, tensors }) => [name, tensors])) };
}

function sharedReason(
  tensors: readonly Tensor[],
  free: readonly Tensor[],
  by: { readonly untouchable: ReadonlyMap<Tensor, string>; readonly owner: ReadonlyMap<Tensor, string> },
): string {
  if (free.length === 0)
    return `shares its weights with '${by.untouchable.get(tensors[0]!)}', which the recipe leaves out`;
  return `shares its weights with '${by.owner.get(free[0]!)}', where they are counted`;
}

type Stored = Pick<TakenWeight, 'tensor' | 'axes'>;
type Found = Stored | { readonly reason: string } | undefined;

function weightsOfNode(
  node: Node,
  resolve: (value: string) => Found,
): { readonly found: readonly Pick<TakenWeight, 'tensor' | 'axes' | 'input'>[] } | { readonly reason: string } {
  const spec = operatorSpec(node.domain, node.opType);
  if (hasTrait(node, 'integerKernel') && spec?.category === 'layer') {
    return { reason: 'its weights are integers, with a scale each' };
  }
  const found: Pick<TakenWeight, 'tensor' | 'axes' | 'input'>[] = [];
  for (const at of spec?.prunableInputs ?? []) {
    const weight = resolve(node.inputs[at] ?? '');
    if (weight === undefined) continue;
    if ('reason' in weight) return weight;
    if (!FLOATS.has(weight.tensor.dtype)) return { reason: `its weights are ${weight.tensor.dtype}, not float` };
    if (elementCount(weight.tensor.dims) > 0) found.push({ ...weight, input: at });
  }
  if (found.length === 0 && hasTrait(node, 'needsWeights')) {
    return { reason: 'its weights are computed while the model runs' };
  }
  if (spec === undefined && node.inputs.some((value) => isLargeFloat(resolve(value)))) {
    return { reason: `${node.opType} is not known, so neither is what its weights do` };
  }
  if (hasTrait(node, 'looksUp') && isLargeFloat(resolve(node.inputs[0] ?? ''))) {
    return { reason: 'a lookup table: each row stands for itself' };
  }
  return { found };
}

function isLargeFloat(found: Found): boolean {
  return found !== undefined && 'tensor' in found && FLOATS.has(found.tensor.dtype) && found.tensor.dims.length >= 2;
}

/** The stored tensor behind a value, looked up from the graph that uses it outwards. */
function resolveWeight(value: string, graph: Graph, outerOf: ReadonlyMap<Graph, Graph>): Found {
  const behind = constantBehind(graph, value, { rearranged: true, outerOf });
  if ('tensor' in behind) return behind;
  if (behind.other === 'sparse') return { reason: 'its weights are stored sparse' };
  return behind.other === 'dequantized' ? { reason: 'its weights are integers behind DequantizeLinear' } : undefined;
}

function outerGraphs(model: Model): ReadonlyMap<Graph, Graph> {
  const outer = new Map<Graph, Graph>();
  for (const graph of walkGraphs(model)) {
    for (const node of graph.nodes) for (const { graph: inner } of subgraphsOf(node)) outer.set(inner, graph);
  }
  return outer;
}
