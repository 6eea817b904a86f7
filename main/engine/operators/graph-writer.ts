import type { AttributeInput } from '../graph/attributes.ts';
import type { Node, Tensor } from '../graph/ir.ts';
import { claimName } from '../graph/layers.ts';
import { makeGraph, makeNode, makeTensor, makeValueInfo } from '../graph/make.ts';
import { dtypeCode, type DType } from '../tensor/dtype.ts';
import type { NumericArray } from '../tensor/numeric.ts';

type Attributes = Readonly<Record<string, AttributeInput>>;

/** What a written node may say beyond operator, inputs and attributes. */
export interface WriteOptions {
  readonly domain?: string;
  /** How many outputs it gives; default 1. */
  readonly outputs?: number;
}

/** A loop over the first axis of some values. */
export interface WrittenScan {
  /** What goes from place to place, at its start. */
  readonly states: readonly string[];
  /** Values of which the body sees one place at a time. */
  readonly sequences: readonly string[];
  readonly dtype: DType;
  /** From the last place to the first; results stand at their places all the same. */
  readonly backwards: boolean;
  /** Writes the body; values of the graph outside may be used in it. */
  readonly body: (
    write: GraphWriter,
    states: readonly string[],
    items: readonly string[],
  ) => { readonly states: readonly string[]; readonly outputs: readonly string[] };
}

/**
 * Writes new nodes behind a graph, by what they do: values are names, each call adds one node and gives the name of what it
 * makes. Operators are written as opset 13 to 26 have them all; what changed between is asked of `opset`.
 *
 * ```ts
 * const write = new GraphWriter({ taken: allValueNames(graph), opset: 21, prefix: 'grad' });
 * const masked = write.mul(gradient, write.op('Sign', [activation]));
 * ```
 */
export class GraphWriter {
  readonly nodes: Node[] = [];
  readonly initializers: Tensor[] = [];
  /** Operator sets that the nodes need beside the default one. */
  readonly domains = new Map<string, number>();
  /** Version of the default operator set, at least 13. */
  readonly opset: number;
  readonly #taken: Set<string>;
  readonly #prefix: string;
  readonly #constants = new Map<string, string>();
  #count = 0;

  constructor(options: { readonly taken: Set<string>; readonly opset: number; readonly prefix: string }) {
    this.#taken = options.taken;
    this.opset = options.opset;
    this.#prefix = options.prefix;
  }

  /** A value name that nothing bears yet. */
  fresh(base: string): string {
    return claimName(base, this.#taken);
  }

  /** Any node of one output. Attributes: integers as bigint, floats as number. */
  op(opType: string, inputs: readonly string[], attributes: Attributes = {}, options: WriteOptions = {}): string {
    return this.ops(opType, inputs, attributes, options)[0]!;
  }

  /** Any node; names of its outputs. */
  ops(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    { domain = '', outputs = 1 }: WriteOptions = {},
  ): readonly string[] {
    if (domain !== '') this.domains.set(domain, 1);
    const name = `${this.#prefix}/${opType}_${this.#count++}`;
    const names = Array.from({ length: outputs }, (_, at) => this.fresh(at === 0 ? name : `${name}:${at}`));
    this.nodes.push(makeNode(opType, inputs, names, { name, domain, attributes }));
    return names;
  }

  /** A Scan: the states at its end, and what the body gave at each place, stacked. */
  scan({ states, sequences, dtype, backwards, body }: WrittenScan): {
    readonly states: readonly string[];
    readonly outputs: readonly string[];
  } {
    const prefix = this.fresh(`${this.#prefix}/scan`);
    const inner = new GraphWriter({ taken: this.#taken, opset: this.opset, prefix });
    const named = (values: readonly string[]): string[] => values.map(() => inner.fresh(`${prefix}/input`));
    const [own, items] = [named(states), named(sequences)];
    const made = body(inner, own, items);
    const untyped = (name: string) => makeValueInfo(name, dtype, undefined);
    const graph = makeGraph({
      name: prefix,
      nodes: inner.nodes,
      initializers: inner.initializers,
      inputs: [...own, ...items].map(untyped),
      outputs: [...made.states, ...made.outputs].map(untyped),
    });
    const direction = backwards ? 1n : 0n;
    const given = this.ops(
      'Scan',
      [...states, ...sequences],
      {
        body: graph,
        num_scan_inputs: BigInt(sequences.length),
        scan_input_directions: sequences.map(() => direction),
        scan_output_directions: made.outputs.map(() => direction),
      },
      { outputs: states.length + made.outputs.length },
    );
    return { states: given.slice(0, states.length), outputs: given.slice(states.length) };
  }

  /** A constant tensor; equal ones are stored once. */
  constant(dtype: DType, dims: readonly number[], values: NumericArray): string {
    const key = values.length <= 64 ? `${dtype} [${dims.join()}] ${values.join()}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh(`${this.#prefix}/constant`);
    this.initializers.push(makeTensor(name, dtype, dims, values));
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  /** A number, of shape []. */
  number(value: number, dtype: DType): string {
    return this.constant(dtype, [], Float64Array.of(value));
  }

  /** A vector of int64. */
  ints(values: readonly number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  add(a: string, b: string): string {
    return this.op('Add', [a, b]);
  }

  sub(a: string, b: string): string {
    return this.op('Sub', [a, b]);
  }

  mul(a: string, b: string): string {
    return this.op('Mul', [a, b]);
  }

  div(a: string, b: string): string {
    return this.op('Div', [a, b]);
  }

  neg(a: string): string {
    return this.op('Neg', [a]);
  }

  /** x·x. */
  square(a: string): string {
    return this.mul(a, a);
  }

  sqrt(a: string): string {
    return this.op('Sqrt', [a]);
  }

  /** Σ of several; one is given back as it is. */
  sum(values: readonly string[]): string {
    if (values.length <= 2) return values.length === 2 ? this.add(values[0]!, values[1]!) : values[0]!;
    return this.op('Sum', values);
  }

  matmul(a: string, b: string): string {
    return this.op('MatMul', [a, b]);
  }

  transpose(a: string, perm: readonly number[]): string {
    return perm.every((from, to) => from === to) ? a : this.op('Transpose', [a], { perm: perm.map(BigInt) });
  }

  /** To a shape that is a value: int64 [rank]. */
  reshape(a: string, shape: string): string {
    return this.op('Reshape', [a, shape]);
  }

  /** To sizes known now: 0 keeps a dimension, −1 takes what is left. */
  reshapeTo(a: string, sizes: readonly number[]): string {
    return this.reshape(a, this.ints(sizes));
  }

  /** Broadcast to a shape that is a value. */
  expand(a: string, shape: string): string {
    return this.op('Expand', [a, shape]);
  }

  /** int64 [rank]. */
  shape(a: string): string {
    return this.op('Shape', [a]);
  }

  /** Elements [start, end) of one axis. */
  slice(a: string, axis: number, start: number, end: number, step = 1): string {
    return this.op('Slice', [a, this.ints([start]), this.ints([end]), this.ints([axis]), this.ints([step])]);
  }

  /** Axes in reverse order. */
  reverse(a: string, axes: readonly number[]): string {
    if (axes.length === 0) return a;
    const all = (value: number): string => this.ints(axes.map(() => value));
    return this.op('Slice', [a, all(-1), all(-(2 ** 31)), this.ints(axes), all(-1)]);
  }

  concat(values: readonly string[], axis: number): string {
    return values.length === 1 ? values[0]! : this.op('Concat', values, { axis: BigInt(axis) });
  }

  /** Takes out axes of size 1. */
  squeeze(a: string, axes: readonly number[]): string {
    return axes.length === 0 ? a : this.op('Squeeze', [a, this.ints(axes)]);
  }

  /** Puts in axes of size 1, counted in the result. */
  unsqueeze(a: string, axes: readonly number[]): string {
    return axes.length === 0 ? a : this.op('Unsqueeze', [a, this.ints(axes)]);
  }

  cast(a: string, dtype: DType): string {
    return this.op('Cast', [a], { to: BigInt(dtypeCode(dtype)) });
  }

  /** `a` where the condition holds, else `b`; broadcast. */
  where(condition: string, a: string, b: string): string {
    return this.op('Where', [condition, a, b]);
  }

  /** Along one axis of each. */
  softmax(a: string, axis: number): string {
    return this.op('Softmax', [a], { axis: BigInt(axis) });
  }

  logSoftmax(a: string, axis: number): string {
    return this.op('LogSoftmax', [a], { axis: BigInt(axis) });
  }

  /** `values`: what stands for no and for yes; `count`: classes, int64 []. */
  oneHot(indices: string, count: string, values: string, axis: number): string {
    return this.op('OneHot', [indices, count, values], { axis: BigInt(axis) });
  }

  /** Parts of these lengths along axis 0. */
  split(a: string, lengths: readonly number[]): readonly string[] {
    return this.ops('Split', [a, this.ints(lengths)], { axis: 0n }, { outputs: lengths.length });
  }

  /** The smaller one, element by element. */
  min(a: string, b: string): string {
    return this.op('Min', [a, b]);
  }

  /** The larger one, element by element. */
  max(a: string, b: string): string {
    return this.op('Max', [a, b]);
  }

  /** The number 0, int64 [], which is there only once `a` is. */
  afterwards(a: string): string {
    return this.mul(this.op('Size', [a]), this.constant('int64', [], BigInt64Array.of(0n)));
  }

  /** The same value under a name of its own. */
  copy(a: string, name: string): string {
    this.nodes.push(makeNode('Identity', [a], [name], { name: `${this.#prefix}/${name}` }));
    this.#taken.add(name);
    return name;
  }

  /** √Σx² over all elements, of shape []. */
  length(a: string): string {
    return this.sqrt(this.reduce('ReduceSumSquare', a, undefined, false));
  }

  /** Mean over axes; all when `axes` is undefined. */
  reduceMean(a: string, axes: readonly number[] | undefined, keepdims = true): string {
    return this.reduce('ReduceMean', a, axes, keepdims);
  }

  /** Σ over axes; all when `axes` is undefined. */
  reduceSum(a: string, axes: readonly number[] | undefined, keepdims = true): string {
    return this.reduce('ReduceSum', a, axes, keepdims);
  }

  /**
   * A reduction over axes, which are an attribute of most operators before opset 18 and an input from then on (of ReduceSum
   * from 13 on).
   */
  reduce(opType: string, a: string, axes: readonly number[] | undefined, keepdims = true): string {
    const keep = { keepdims: keepdims ? 1n : 0n };
    if (axes === undefined) return this.op(opType, [a], keep);
    if (axes.length === 0) return a;
    if (this.opset >= 18 || opType === 'ReduceSum') return this.op(opType, [a, this.ints(axes)], keep);
    return this.op(opType, [a], { ...keep, axes: axes.map(BigInt) });
  }
}
