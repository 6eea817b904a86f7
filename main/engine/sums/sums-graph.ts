import type { Graph, Model, Node, Tensor, ValueInfo } from '../graph/ir.ts';
import { makeAttribute } from '../graph/attributes.ts';
import { usedValues } from '../graph/index-graph.ts';
import { makeTensor, makeValueInfo } from '../graph/make.ts';
import type { LinearForm } from '../operators/linear-form.ts';
import {
  castNode,
  gatherNode,
  matrixProductNode,
  reshapeNode,
  sliceNode,
  sizeNode,
  subtractNode,
  sumNode,
  sumOfSquaresNode,
  transposeNode,
} from '../operators/nodes.ts';
import { withoutDeadNodes } from '../passes/dead-code.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import { dtypeCode, type DType } from '../tensor/dtype.ts';
import { beginningAt } from './frontier.ts';

/** A value with its rows (positions of all samples) along the last axis: [groups, channels, rows], float32. */
export interface Rows {
  readonly value: string;
  readonly groups: number;
  readonly channels: number;
}

/** Where channels lie in a value, and how they fall into groups. */
export interface RowLayout {
  readonly groups: number;
  /** Of one group. */
  readonly channels: number;
  readonly channelsLast: boolean;
  /** Dimensions of the value; of no account where channels lie last. */
  readonly rank: number;
  readonly dtype: DType;
}

/**
 * Adds nodes behind a model that reduce its values to sums over all positions of a batch, so that only these leave the
 * runtime: heavy products run on the runtime's threads.
 */
export class SumsGraph {
  readonly #model: Model;
  readonly #opset: number;
  readonly #nodes: Node[] = [];
  readonly #initializers: Tensor[] = [];
  readonly #outputs: ValueInfo[] = [];
  #count = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#opset = defaultOpset(model);
  }

  /** Names of the sums. */
  get sums(): readonly string[] {
    return this.#outputs.map(({ name }) => name);
  }

  /**
   * The model with the sums as its only outputs, and without what these do not need.
   * @param options.from values that are given, in place of the nodes that make them
   * @param options.keep further outputs
   */
  build({
    from = [],
    keep = [],
  }: { readonly from?: readonly string[]; readonly keep?: readonly string[] } = {}): Model {
    const begun = beginningAt(this.#model, from);
    const graph: Graph = {
      ...begun.graph,
      nodes: [...begun.graph.nodes, ...this.#nodes],
      initializers: [...begun.graph.initializers, ...this.#initializers],
      outputs: [
        ...this.#outputs,
        ...keep.map((name) => ({ ...makeValueInfo(name, undefined, undefined), type: undefined })),
      ],
      valueInfos: [],
    };
    const built = withoutDeadNodes(graph);
    if (from.length === 0) return { ...begun, graph: built };
    // What nothing takes any more need not be fed.
    const used = new Set([...built.nodes.flatMap(usedValues), ...keep]);
    return { ...begun, graph: { ...built, inputs: built.inputs.filter(({ name }) => used.has(name)) } };
  }

  /**
   * The layer's columns for the data at hand; see `LinearForm`.
   * @param layout.rank of the weights, which is that of the data
   * @param layout.steps as in `everyPosition`
   */
  columns(
    node: Node,
    data: string,
    form: LinearForm,
    layout: { readonly rank: number; readonly dtype: DType; readonly steps: readonly number[] },
  ): Rows {
    const { groups, columns, channelsLast, unfold } = form;
    let unfolded = unfold === undefined ? this.everyPosition(data, layout) : data;
    if (unfold !== undefined) {
      const weights = new Float32Array(unfold.weightDims.reduce((product, dim) => product * dim, 1));
      for (const at of unfold.ones) weights[at] = 1;
      const changed = { ...unfold.attributes, ...(isEvery(layout.steps) ? {} : unfold.thinned?.(layout.steps)) };
      const attributes = [
        ...node.attributes.filter(({ name }) => !(name in changed)),
        ...Object.entries(changed).map(([name, value]) => makeAttribute(name, value)),
      ];
      unfolded = this.#fresh();
      const weight = this.#constant(layout.dtype, unfold.weightDims, weights);
      this.#nodes.push({ ...node, name: unfolded, attributes, inputs: [data, weight], outputs: [unfolded] });
    }
    return this.rows(unfolded, { groups, channels: columns, channelsLast, ...layout });
  }

  rows(value: string, { groups, channels, channelsLast, rank, dtype }: RowLayout): Rows {
    const real = this.#float32(value, dtype);
    if (channelsLast) {
      const flat = this.#reshape(real, [groups, -1, channels]);
      return { value: this.#transpose(flat, [0, 2, 1]), groups, channels };
    }
    const axes = [...Array(rank).keys()];
    const channelsFirst = this.#transpose(real, [1, 0, ...axes.slice(2)]);
    return { value: this.#reshape(channelsFirst, [groups, channels, -1]), groups, channels };
  }

  /** Only every so many positions of each spatial axis, from the first on (none: all); channels lie on axis 1. */
  everyPosition(value: string, { rank, steps }: { readonly rank: number; readonly steps: readonly number[] }): string {
    if (isEvery(steps)) return value;
    const axes = [...Array(rank).keys()].slice(2);
    const list = (all: readonly number[]): string =>
      this.#constant('int64', [all.length], BigInt64Array.from(all, BigInt));
    const [starts, ends] = [list(axes.map(() => 0)), list(axes.map(() => 2 ** 31 - 1))];
    const output = this.#fresh();
    const inputs = [value, starts, ends, list(axes), list(axes.map((_, at) => steps[at] ?? 1))];
    this.#nodes.push(sliceNode(inputs, output, { name: output }));
    return output;
  }

  /** The value with only some of its channels. */
  kept(value: string, cuts: readonly { readonly axis: number; readonly indices: Uint32Array }[]): string {
    return cuts.reduce((from, { axis, indices }) => {
      const at = this.#constant('int64', [indices.length], BigInt64Array.from(indices, BigInt));
      const output = this.#fresh();
      this.#nodes.push(gatherNode([from, at], output, { name: output, attributes: { axis: BigInt(axis) } }));
      return output;
    }, value);
  }

  minus(a: string, b: string): string {
    const output = this.#fresh();
    this.#nodes.push(subtractNode([a, b], output, { name: output }));
    return output;
  }

  /** Σ over rows of a·bᵀ, for each group. @returns output [groups, channels of a, channels of b] */
  products(a: Rows, b: Rows): string {
    const output = this.#fresh();
    this.#nodes.push(matrixProductNode([a.value, this.#transpose(b.value, [0, 2, 1])], output, { name: output }));
    return this.#output(output);
  }

  /** Σ over rows. @returns output [groups, channels] */
  totals(rows: Rows): string {
    // Axes of a sum became an input in opset 13, of other reductions in 18.
    return this.#output(this.#reduce(sumNode, rows.value, this.#opset >= 13));
  }

  /** Σ over rows of squares. @returns output [groups, channels] */
  squares(rows: Rows): string {
    return this.#output(this.#reduce(sumOfSquaresNode, rows.value, this.#opset >= 18));
  }

  /** Elements: rows × channels × groups. @returns output, one number */
  size(rows: Rows): string {
    const output = this.#fresh();
    this.#nodes.push(sizeNode([rows.value], output, { name: output }));
    return this.#output(output, 'int64');
  }

  #reduce(make: typeof sumNode, value: string, asInput: boolean): string {
    const output = this.#fresh();
    const inputs = asInput ? [value, this.#constant('int64', [1], BigInt64Array.of(2n))] : [value];
    this.#nodes.push(
      make(inputs, output, { name: output, attributes: { keepdims: 0n, ...(asInput ? {} : { axes: [2n] }) } }),
    );
    return output;
  }

  #float32(value: string, dtype: DType): string {
    if (dtype === 'float32') return value;
    const output = this.#fresh();
    this.#nodes.push(castNode([value], output, { name: output, attributes: { to: BigInt(dtypeCode('float32')) } }));
    return output;
  }

  #transpose(value: string, perm: readonly number[]): string {
    const output = this.#fresh();
    this.#nodes.push(transposeNode([value], output, { name: output, attributes: { perm: perm.map(BigInt) } }));
    return output;
  }

  #reshape(value: string, dims: readonly number[]): string {
    const output = this.#fresh();
    const shape = this.#constant('int64', [dims.length], BigInt64Array.from(dims, BigInt));
    this.#nodes.push(reshapeNode([value, shape], output, { name: output }));
    return output;
  }

  #constant(dtype: DType, dims: readonly number[], values: Float32Array | BigInt64Array): string {
    const name = this.#fresh();
    this.#initializers.push(makeTensor(name, dtype, dims, values));
    return name;
  }

  #output(name: string, dtype: DType = 'float32'): string {
    this.#outputs.push({ ...makeValueInfo(name, dtype, undefined) });
    return name;
  }

  #fresh(): string {
    return `lapidary_sum_${this.#count++}`;
  }
}

function isEvery(steps: readonly number[]): boolean {
  return steps.every((step) => step === 1);
}
