import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { walkNodes } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { constantOf } from '../operators/constant-behind.ts';
import type { LinearForm } from '../operators/linear-form.ts';
import { linearForm, linearWeight } from '../operators/linear-layers.ts';
import { operatorSpec } from '../operators/table.ts';

/** A layer that is linear in constant weights, so that these can be solved for. */
export interface SolvableLayer {
  /** Its node's name. */
  readonly name: string;
  readonly op: string;
  readonly node: Node;
  readonly form: LinearForm;
  readonly data: string;
  readonly weight: Tensor;
  /** What is added to every position; undefined: the layer has no place for it. */
  readonly bias: LayerBias | undefined;
  /** The value with the bias in it. */
  readonly output: string;
  /** Where the output is added to another value of the model; see `Shortcut`. */
  readonly shortcut: Shortcut | undefined;
}

/** A bias as an input of the layer, or of the node behind it that adds one. */
export interface LayerBias {
  readonly node: Node;
  readonly input: number;
  /** undefined: left out, so zero; may be added. */
  readonly tensor: Tensor | undefined;
}

/** output + other = sum, and nothing else reads the output. */
export interface Shortcut {
  readonly other: string;
  readonly sum: string;
}

/** A layer with weights that stays as it is, and why. */
export interface LeftOut {
  readonly name: string;
  readonly op: string;
  readonly reason: string;
}

export interface SolvableLayers {
  /** In the order of the graph, which is topological. */
  readonly layers: readonly SolvableLayer[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Columns of a layer at most whose weights are solved: their products take half a gibibyte, their factor a minute. More are told
 * as the reason why it stays.
 */
export const MOST_COLUMNS = 8192;

const SOLVED_TYPES: ReadonlySet<string> = new Set(['float32', 'float16', 'float64']);

/**
 * Finds the layers whose weights can be solved for.
 * @param model every node of the main graph named uniquely
 * @param options.excluded names of nodes that the recipe leaves alone
 * @param options.known whether the model before pruning has a value of this name
 * @param options.mostColumns of a layer; left out: any number
 */
export function solvableLayers(
  model: Model,
  {
    excluded,
    known,
    mostColumns = Infinity,
  }: {
    readonly excluded: ReadonlySet<string>;
    readonly known: (value: string) => boolean;
    readonly mostColumns?: number;
  },
): SolvableLayers {
  const index = indexGraph(model.graph);
  const names = layerNames(model.graph);
  const users = usersOfConstants(index);
  const layers: SolvableLayer[] = [];
  const leftOut: LeftOut[] = [];
  for (const { node, layer, parent } of walkNodes(model)) {
    if (!mayHaveWeights(node)) continue;
    const refuse = (reason: string): number => leftOut.push({ name: layer, op: node.opType, reason });
    if (parent !== null) {
      refuse('stands in a subgraph, whose values cannot be read');
      continue;
    }
    const found = solvableLayer(index, node, users);
    if (found === undefined) continue;
    const name = names[index.position(node)]!;
    if ('reason' in found) refuse(found.reason);
    else if (excluded.has(name)) refuse('left out by the recipe');
    else if (!known(found.output)) refuse(`the model before pruning has no value '${found.output}'`);
    else if (found.form.columns > mostColumns) {
      refuse(`each of its outputs sums over ${found.form.columns} inputs, ${mostColumns} at most are solved for`);
    } else layers.push({ ...found, name });
  }
  return { layers, leftOut };
}

function mayHaveWeights({ domain, opType }: Node): boolean {
  return (operatorSpec(domain, opType)?.prunableInputs.length ?? 0) > 0;
}

/** @returns undefined: the node has no weights at all */
function solvableLayer(
  index: GraphIndex,
  node: Node,
  users: ReadonlyMap<Tensor, readonly Node[]>,
): Omit<SolvableLayer, 'name'> | { readonly reason: string } | undefined {
  const at = linearWeight(node);
  if (at === undefined) {
    const inputs = operatorSpec(node.domain, node.opType)?.prunableInputs ?? [];
    const constant = inputs.some((input) => constantOf(index, node.inputs[input] ?? '') !== undefined);
    return constant ? { reason: `${node.opType} is no single matrix product of its weights` } : undefined;
  }
  const weight = constantOf(index, node.inputs[at] ?? '');
  if (weight === undefined) {
    return hasTrait(node, 'needsWeights') ? { reason: 'its weights are computed while the model runs' } : undefined;
  }
  if (!SOLVED_TYPES.has(weight.dtype)) return { reason: `its weights are ${weight.dtype}, not float` };
  const form = linearForm(node, weight.dims);
  const data = node.inputs[0] ?? '';
  if (form === undefined || constantOf(index, data) !== undefined) {
    return { reason: `this ${node.opType} cannot be written as a matrix product of data and weights` };
  }
  const others = (users.get(weight) ?? []).filter((user) => user !== node);
  if (others.length > 0) return { reason: `shares its weights with '${others[0]!.name}'` };
  const own = form.bias === undefined ? addedBias(index, node, form) : inputBias(index, node, form, users);
  if (own !== undefined && 'reason' in own) return own;
  const output = (own?.node === node ? node : (own?.node ?? node)).outputs[0] ?? '';
  return { op: node.opType, node, form, data, weight, bias: own, output, shortcut: shortcutBehind(index, output) };
}

/** The bias at the layer's own input. */
function inputBias(
  index: GraphIndex,
  node: Node,
  form: LinearForm,
  users: ReadonlyMap<Tensor, readonly Node[]>,
): LayerBias | { readonly reason: string } {
  const input = form.bias!;
  const value = node.inputs[input] ?? '';
  if (value === '') return { node, input, tensor: undefined };
  const tensor = constantOf(index, value);
  if (tensor === undefined) return { reason: 'its bias is computed while the model runs' };
  if (elementsOf(tensor) !== form.groups * form.outputs) {
    return { reason: `its bias has ${elementsOf(tensor)} elements, expected one for each of its outputs` };
  }
  const shared = (users.get(tensor) ?? []).find((user) => user !== node);
  return shared === undefined ? { node, input, tensor } : { reason: `shares its bias with '${shared.name}'` };
}

/** The constant that the only node behind adds to each feature. */
function addedBias(index: GraphIndex, node: Node, form: LinearForm): LayerBias | undefined {
  const adds = soleAddition(index, node.outputs[0] ?? '');
  if (adds === undefined) return undefined;
  const tensor = constantOf(index, adds.other);
  const fits = tensor !== undefined && tensor.dims.at(-1) === form.outputs && elementsOf(tensor) === form.outputs;
  if (!fits || index.consumers(adds.other).length !== 1) return undefined;
  return { node: adds.node, input: adds.node.inputs.indexOf(adds.other), tensor };
}

function shortcutBehind(index: GraphIndex, output: string): Shortcut | undefined {
  const adds = soleAddition(index, output);
  if (adds === undefined || constantOf(index, adds.other) !== undefined) return undefined;
  return { other: adds.other, sum: adds.node.outputs[0] ?? '' };
}

/** The node that adds this value to one other, where nothing else reads it. */
function soleAddition(index: GraphIndex, value: string): { node: Node; other: string } | undefined {
  const [node, ...more] = index.consumers(value);
  if (node === undefined || more.length > 0 || index.isOutput(value)) return undefined;
  if (!hasTrait(node, 'adds') || node.inputs.length !== 2) return undefined;
  const [a = '', b = ''] = node.inputs;
  return a === b ? undefined : { node, other: a === value ? b : a };
}

/** Who reads each constant of the graph, also through nodes that hand it on. */
function usersOfConstants(index: GraphIndex): ReadonlyMap<Tensor, readonly Node[]> {
  const users = new Map<Tensor, Node[]>();
  for (const node of index.graph.nodes) {
    if (hasTrait(node, 'identity') || hasTrait(node, 'constant')) continue;
    for (const value of node.inputs) {
      const tensor = value === '' ? undefined : constantOf(index, value);
      if (tensor === undefined) continue;
      const known = users.get(tensor);
      if (known === undefined) users.set(tensor, [node]);
      else if (!known.includes(node)) known.push(node);
    }
  }
  return users;
}

function elementsOf({ dims }: Tensor): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
