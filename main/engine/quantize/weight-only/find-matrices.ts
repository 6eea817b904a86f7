import { intAttribute } from '../../graph/attributes.ts';
import { indexGraph, usedValues } from '../../graph/index-graph.ts';
import type { Graph, Model, Node, Tensor } from '../../graph/ir.ts';
import { hasTrait } from '../../operators/ask.ts';
import { constantBehind, constantOf } from '../../operators/constant-behind.ts';
import { inferModel } from '../../operators/infer.ts';
import type { InferredValue } from '../../operators/inference.ts';
import type { LinearForm } from '../../operators/linear-form.ts';
import { linearForm, linearWeight } from '../../operators/linear-layers.ts';
import { blockFor, type BlockFormat } from './block-codes.ts';
import { matrixValues, type MatrixPlace } from './matrix-values.ts';

/** A layer that multiplies its data by a stored matrix. */
export interface ProductUse {
  readonly kind: 'product';
  readonly node: Node;
  readonly form: LinearForm;
}

/** A layer that takes rows out of a stored matrix. */
export interface LookupUse {
  readonly kind: 'lookup';
  readonly node: Node;
}

export type MatrixUse = ProductUse | LookupUse;

/** A stored matrix, and all that use it. */
export interface StoredMatrix extends MatrixPlace {
  /** Further tensors that hold the same, perhaps turned. */
  readonly copies: readonly Pick<MatrixPlace, 'tensor' | 'rowsFirst'>[];
  readonly uses: readonly MatrixUse[];
}

/** Why a node's weights stay as they are. */
export interface LeftFloat {
  readonly node: Node;
  readonly reason: string;
}

export interface FoundMatrices {
  readonly matrices: readonly StoredMatrix[];
  readonly left: readonly LeftFloat[];
}

export interface Wanted {
  /** Whether lookup tables are wanted too. */
  readonly lookups: boolean;
  /** Weights that share a scale. */
  readonly block: number;
  readonly bits: BlockFormat['bits'];
  /** Why a node stays, as the recipe says; undefined: it need not. */
  readonly refuse: (node: Node) => string | undefined;
}

const FLOATS = new Set(['float32', 'float16']);

/**
 * The matrices of the main graph that may become codes: weights of matrix products whose data have their inputs on the last
 * axis, and lookup tables. A matrix that something else uses too stays, since it would only be stored twice. A table and
 * the head that an exporter wrote as two copies of one matrix are found to be one.
 */
export function findMatrices(model: Model, wanted: Wanted): FoundMatrices {
  const { graph } = model;
  const { values } = inferModel(model);
  const left: LeftFloat[] = [];
  const found: Seen[] = [];
  for (const node of graph.nodes) {
    const seen = matrixOf(node, graph, (value) => values.get(value));
    if (seen === undefined) continue;
    const refusal = 'reason' in seen ? seen.reason : refusalOf(seen, graph, wanted);
    if (refusal !== undefined) left.push({ node, reason: refusal });
    else if (!('reason' in seen)) found.push(seen);
  }
  const others = otherUses(graph, found);
  const groups: (StoredMatrix & Growing)[] = [];
  for (const { use, ...seen } of found) {
    const other = others.get(seen.tensor);
    if (other !== undefined) {
      left.push({ node: use.node, reason: `shares its weights with '${other}', which keeps them in float` });
      continue;
    }
    const same = groups.find((group) => holdsSame(group, { ...seen, use }, wanted));
    if (same === undefined) groups.push({ ...seen, copies: [], uses: [use] });
    else {
      same.uses.push(use);
      const { tensor, rowsFirst } = seen;
      if ([same, ...same.copies].every((known) => known.tensor !== tensor)) same.copies.push({ tensor, rowsFirst });
    }
  }
  return { matrices: groups, left };
}

type Seen = MatrixPlace & { readonly use: MatrixUse };

type Known = Pick<InferredValue, 'dtype' | 'shape'>;

interface Growing {
  readonly copies: Pick<MatrixPlace, 'tensor' | 'rowsFirst'>[];
  readonly uses: MatrixUse[];
}

/** undefined: it has nothing to do with stored matrices. */
function matrixOf(
  node: Node,
  graph: Graph,
  known: (value: string) => Known | undefined,
): Seen | { readonly reason: string } | undefined {
  if (hasTrait(node, 'looksUp')) return tableOf(node, graph);
  const input = linearWeight(node);
  if (input === undefined) return undefined;
  const behind = constantBehind(graph, node.inputs[input] ?? '', { rearranged: true });
  if ('other' in behind) {
    if (behind.other === 'dequantized') return { reason: 'its weights are codes already' };
    return behind.other === 'sparse' ? { reason: 'its weights are stored sparse' } : undefined;
  }
  const { tensor, axes } = behind;
  if (tensor.dims.length < 2) return undefined;
  if (axes === null) return { reason: 'its weights are stored in another shape than it takes them' };
  const dtype = known(node.inputs[input] ?? '')?.dtype ?? tensor.dtype;
  const odd = [tensor.dtype, dtype].find((each) => !FLOATS.has(each));
  if (odd !== undefined) return { reason: `its weights are ${odd}, expected float32 or float16` };
  const dims = axes.map((axis) => tensor.dims[axis]!);
  const form = linearForm(node, dims);
  if (form === undefined) return { reason: `this ${node.opType} is no single matrix product of its weights` };
  if (!isProduct(form)) return { reason: `kernels of ${node.opType} take no weights in blocks` };
  if (known(node.inputs[0] ?? '')?.shape?.length === 1) return { reason: 'its data are a vector' };
  const { outputs: rows, columns } = form;
  const turned = axes[0] !== 0;
  return {
    tensor,
    dtype,
    rowsFirst: takesRowsFirst(form) !== turned,
    rows,
    columns,
    factor: form.scale,
    use: { kind: 'product', node, form },
  };
}

/** Whether the rows of the matrix, as the layer takes it, lie one after the other. */
export function takesRowsFirst({ columns, at }: LinearForm): boolean {
  return columns === 1 || at(0, 0, 1) - at(0, 0, 0) === 1;
}

/** Whether data with inputs on the last axis are multiplied by one matrix. */
function isProduct({ groups, taps, channelsLast, unfold }: LinearForm): boolean {
  return groups === 1 && taps === 1 && channelsLast && unfold === undefined;
}

function tableOf(node: Node, graph: Graph): Seen | { readonly reason: string } | undefined {
  const behind = constantBehind(graph, node.inputs[0] ?? '');
  if (!('tensor' in behind)) return undefined;
  const { tensor } = behind;
  const [rows = 0, columns = 0] = tensor.dims;
  if (tensor.dims.length !== 2 || !FLOATS.has(tensor.dtype)) return undefined;
  if (intAttribute(node, 'axis', 0) !== 0) return { reason: 'takes columns out of its table' };
  return { tensor, dtype: tensor.dtype, rowsFirst: true, rows, columns, factor: 1, use: { kind: 'lookup', node } };
}

function refusalOf({ use, columns }: Seen, graph: Graph, { lookups, bits, refuse }: Wanted): string | undefined {
  const { kind, node } = use;
  if (kind === 'lookup' && !lookups) return 'a lookup table, which the recipe leaves in float';
  if (kind === 'lookup' && (columns * bits) % 8 !== 0) return `${columns} codes of ${bits} bits fill no whole bytes`;
  if (kind === 'product' && scalesComputedBias(use, graph)) return 'its bias is computed, and multiplied';
  return refuse(node);
}

function scalesComputedBias({ node, form: { bias, biasScale } }: ProductUse, graph: Graph): boolean {
  const value = bias === undefined ? '' : (node.inputs[bias] ?? '');
  return value !== '' && biasScale !== 1 && constantOf(indexGraph(graph), value) === undefined;
}

/** Who else needs each tensor in float: nodes that do not give it up, and the outside. */
function otherUses(graph: Graph, found: readonly Seen[]): ReadonlyMap<Tensor, string> {
  const givenUp = new Map(found.map(({ use }) => [use.node, use.kind === 'product' ? use.form.weight : 0]));
  const others = new Map<Tensor, string>();
  const mark = (value: string, user: string): void => {
    const behind = constantBehind(graph, value, { rearranged: true });
    if ('tensor' in behind && !others.has(behind.tensor)) others.set(behind.tensor, user);
  };
  for (const node of graph.nodes) {
    if (hasTrait(node, 'rearranges') || hasTrait(node, 'identity')) continue;
    for (const value of usedValues(node)) {
      const at = givenUp.get(node);
      if (at === undefined || node.inputs[at] !== value) mark(value, node.name);
    }
  }
  for (const { name } of graph.outputs) mark(name, name);
  return others;
}

/** Whether two stored matrices are one: the same tensor taken the same way, or a table and a head of equal elements. */
function holdsSame(group: StoredMatrix, seen: Seen, { block, bits }: Wanted): boolean {
  if (group.rows !== seen.rows || group.columns !== seen.columns || group.factor !== seen.factor) return false;
  // A table is not filled up to whole blocks, as weights of products are.
  const bothKinds = group.uses.some(({ kind }) => kind !== seen.use.kind);
  if (bothKinds && seen.columns % blockFor(block, seen.columns, bits) !== 0) return false;
  if (group.dtype !== seen.dtype) return false;
  if (group.tensor === seen.tensor) return group.rowsFirst === seen.rowsFirst;
  if (group.tensor.dtype !== seen.tensor.dtype || !bothKinds) return false;
  const [one, other] = [matrixValues(group), matrixValues(seen)];
  return one.every((value, at) => value === other[at]);
}
