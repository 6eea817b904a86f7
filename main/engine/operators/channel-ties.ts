import { clampedNumber } from '../graph/attributes.ts';
import type { Dim, Node } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { MAX_CONSTANT_ELEMENTS, numbersOf } from './constant.ts';
import { sameDim } from './dimension.ts';
import type { Facts } from './facts.ts';
import { NodeAttributes } from './node-attributes.ts';
import { normalizeAxis } from './shape.ts';

/** One axis of one input or output of a node. */
export interface AxisRef {
  readonly side: 'input' | 'output';
  readonly position: number;
  /** From the front. */
  readonly axis: number;
}

/** What taking out an element of a weight's axis does: the layer no longer gives a channel, or no longer takes one. */
export type WeightRole = 'produces' | 'consumes';

/** What the elements of an axis are to people. */
export type UnitKind = 'channel' | 'unit' | 'head';

/** Elements of two axes that go together: from[fromStart + i·fromStep] with to[toStart + i·toStep], 0 ≤ i < count. */
export interface AxisTie {
  readonly from: AxisRef;
  readonly to: AxisRef;
  readonly count: number;
  readonly fromStart: number;
  readonly fromStep: number;
  readonly toStart: number;
  readonly toStep: number;
}

/** Consecutive axes of an input that become consecutive axes of an output of as many elements, in row-major order. */
export interface AxisFold {
  readonly from: readonly AxisRef[];
  readonly to: readonly AxisRef[];
}

/** A node with the facts of its operands, as a rule of `ChannelFacet` sees it; collects what the rule says. */
export class ChannelTies {
  readonly node: Node;
  readonly opset: number;
  readonly attributes: NodeAttributes;
  readonly inputs: readonly (Facts | undefined)[];
  readonly outputs: readonly (Facts | undefined)[];
  readonly isStored: (position: number) => boolean;
  readonly ties: AxisTie[] = [];
  readonly folds: AxisFold[] = [];
  readonly whole: { readonly axis: AxisRef; readonly reason: string }[] = [];
  readonly sums: { readonly axis: AxisRef; readonly reason: string }[] = [];
  readonly weights: { readonly axis: AxisRef; readonly role: WeightRole }[] = [];
  readonly kinds: { readonly axis: AxisRef; readonly kind: UnitKind }[] = [];
  readonly #mentioned = new Set<number>();

  constructor(
    node: Node,
    opset: number,
    facts: {
      readonly inputs: readonly (Facts | undefined)[];
      readonly outputs: readonly (Facts | undefined)[];
      /** Whether an input is put together from stored tensors alone. */
      readonly isStored: (position: number) => boolean;
    },
  ) {
    this.node = node;
    this.opset = opset;
    this.attributes = new NodeAttributes(node);
    this.inputs = facts.inputs;
    this.outputs = facts.outputs;
    this.isStored = facts.isStored;
  }

  int(name: string, fallback: number): number {
    return this.attributes.int(name) ?? fallback;
  }

  input(position: number, axis: number): AxisRef {
    return { side: 'input', position, axis };
  }

  output(position: number, axis: number): AxisRef {
    return { side: 'output', position, axis };
  }

  shape(side: AxisRef['side'], position: number): readonly Dim[] | undefined {
    return (side === 'input' ? this.inputs : this.outputs)[position]?.shape;
  }

  /** undefined: not known, or absent. */
  rank(side: AxisRef['side'], position: number): number | undefined {
    return this.shape(side, position)?.length;
  }

  dim({ side, position, axis }: AxisRef): Dim {
    return this.shape(side, position)?.[axis] ?? null;
  }

  /** The size as a number; undefined where it is a symbol or not known. */
  size(ref: AxisRef): number | undefined {
    const dim = this.dim(ref);
    return typeof dim === 'number' ? dim : undefined;
  }

  /** Whether the operand is there. */
  has(side: AxisRef['side'], position: number): boolean {
    const names = side === 'input' ? this.node.inputs : this.node.outputs;
    return (names[position] ?? '') !== '';
  }

  /** The elements of a small input as far as they are known, symbols included; undefined: none is. */
  elements(position: number): readonly Dim[] | undefined {
    return this.inputs[position]?.constant?.elements ?? this.numbers(position);
  }

  /** The elements of a small constant input; undefined where one is not known. */
  numbers(position: number): readonly number[] | undefined {
    return knownNumbers(this.inputs[position]);
  }

  /** An axis attribute counted from the front; undefined where it lies outside or the rank is open. */
  axisOf(name: string, fallback: number, rank: number | undefined): number | undefined {
    return rank === undefined ? undefined : normalizeAxis(this.int(name, fallback), rank);
  }

  /**
   * The two axes lose the same elements. A size of 1 that is broadcast along the other ties nothing; sizes that cannot be
   * compared keep both whole.
   */
  same(from: AxisRef, to: AxisRef): void {
    this.#mention(from);
    this.#mention(to);
    const count = this.size(from);
    if (count !== undefined && count === this.size(to)) {
      if (count > 1) this.ties.push({ from, to, count, fromStart: 0, fromStep: 1, toStart: 0, toStep: 1 });
      return;
    }
    if (count === 1 || this.size(to) === 1 || sameDim(this.dim(from), this.dim(to))) return;
    for (const axis of [from, to]) this.keep(axis, 'its size is not known before the model runs');
  }

  /** Elements of two axes, in steps; those that the stretch does not reach are tied to nothing here. */
  stretch(
    from: AxisRef,
    to: AxisRef,
    along: { count: number; fromStart?: number; fromStep?: number; toStart?: number; toStep?: number },
  ): void {
    this.#mention(from);
    this.#mention(to);
    const { count, fromStart = 0, fromStep = 1, toStart = 0, toStep = 1 } = along;
    if (count > 0) this.ties.push({ from, to, count, fromStart, fromStep, toStart, toStep });
  }

  /** Each run of `length` neighbours stands or falls together. */
  runs(ref: AxisRef, length: number): void {
    this.#mention(ref);
    const size = this.size(ref) ?? 0;
    for (let offset = 1; offset < length; offset++) {
      this.stretch(ref, ref, { count: size / length, fromStep: length, toStart: offset, toStep: length });
    }
  }

  /** The parts of an axis stand or fall together: element i of each of `parts` stretches of equal length. */
  parts(ref: AxisRef, parts: number): void {
    this.#mention(ref);
    const length = (this.size(ref) ?? 0) / parts;
    for (let part = 1; part < parts; part++) this.stretch(ref, ref, { count: length, toStart: part * length });
  }

  /** Elements may go without anything else in this node. */
  open(ref: AxisRef): void {
    this.#mention(ref);
  }

  /** The axis stays whole. */
  keep(axis: AxisRef, reason: string): void {
    this.#mention(axis);
    this.whole.push({ axis, reason });
  }

  /** Its elements are added up: they may go where they are zero as soon as nothing gives them, else the axis stays whole. */
  addsUp(axis: AxisRef, reason: string): void {
    this.#mention(axis);
    this.sums.push({ axis, reason });
  }

  /** All axes of an operand stay whole. */
  keepAll(side: AxisRef['side'], position: number, reason: string): void {
    for (let axis = 0; axis < (this.rank(side, position) ?? 0); axis++) this.keep({ side, position, axis }, reason);
  }

  fold(from: readonly AxisRef[], to: readonly AxisRef[]): void {
    for (const ref of [...from, ...to]) this.#mention(ref);
    this.folds.push({ from, to });
  }

  weight(axis: AxisRef, role: WeightRole): void {
    this.weights.push({ axis, role });
  }

  /** What the elements of the axis are, where that is not channels. */
  is(axis: AxisRef, kind: UnitKind): void {
    this.kinds.push({ axis, kind });
  }

  mentions(ref: AxisRef): boolean {
    return this.#mentioned.has(keyOf(ref));
  }

  #mention(ref: AxisRef): void {
    this.#mentioned.add(keyOf(ref));
  }
}

/** The elements of a small constant value; undefined where one is not known. */
function knownNumbers(facts: Facts | undefined): readonly number[] | undefined {
  if (facts?.constant !== undefined) return numbersOf(facts.constant);
  const tensor = facts?.initializer;
  if (tensor === undefined || tensor.dtype === 'string') return undefined;
  if (tensor.dims.reduce((product, size) => product * size, 1) > MAX_CONSTANT_ELEMENTS) return undefined;
  return Array.from<number | bigint, number>(tensorValues(tensor), (value) =>
    typeof value === 'bigint' ? clampedNumber(value) : value,
  );
}

/** Ranks and numbers of operands are far below these. */
function keyOf({ side, position, axis }: AxisRef): number {
  return ((side === 'input' ? position : position + (1 << 20)) << 6) + axis;
}
