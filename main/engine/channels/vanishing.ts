import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import type { AxisRef, ChannelTies } from '../operators/channel-ties.ts';
import { operatorSpec } from '../operators/table.ts';
import { valueAt } from './scene.ts';

/**
 * Where a value is exactly zero once the weights that give its elements along an axis are zero: sums over such an axis do not
 * notice when the elements go. It follows from the `scaling` facet (what a factor passes through, zero does) and from
 * activations that keep zero; what is added from elsewhere, and anything that is not known, does not vanish.
 */
export class Vanishing {
  readonly #index: GraphIndex;
  readonly #ties: ReadonlyMap<Node, ChannelTies>;
  /** Axes of stored tensors that a mask clears. */
  readonly #cleared = new Set<string>();
  readonly #known = new Map<string, boolean>();

  constructor(model: Model, ties: ReadonlyMap<Node, ChannelTies>) {
    this.#index = indexGraph(model.graph);
    this.#ties = ties;
    for (const [node, { weights }] of ties) {
      for (const { axis } of weights) this.#cleared.add(keyOf(valueAt(node, axis), axis.axis));
    }
  }

  /** Whether elements of the value vanish that go along this axis. */
  at(value: string, axis: number): boolean {
    const key = keyOf(value, axis);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Deep graphs are no deeper than this allows: one level for each node on the way to the weights.
    const found = this.#isStored(value) ? this.#cleared.has(key) : this.#behindNode(value, axis);
    this.#known.set(key, found);
    return found;
  }

  #isStored(value: string): boolean {
    return this.#index.initializer(value) !== undefined;
  }

  #behindNode(value: string, axis: number): boolean {
    const node = this.#index.producer(value);
    const ties = node && this.#ties.get(node);
    if (node === undefined || ties === undefined) return false;
    const output = { side: 'output', position: node.outputs.indexOf(value), axis } as const;
    const tied = tiedInputs(ties, output);
    const gives = (ref: AxisRef): boolean => ties.weights.some(({ axis: own, role }) => role === 'produces' && same(own, ref)); // prettier-ignore
    if (tied.some(gives)) return this.#givesNothing(node, ties);
    const vanishes = (ref: AxisRef): boolean => this.at(valueAt(node, ref), ref.axis);
    const of = (position: number): readonly AxisRef[] => tied.filter((ref) => ref.position === position);
    const through = (position: number): boolean => of(position).length > 0 && of(position).every(vanishes);
    if (hasTrait(node, 'keepsZero')) {
      return through(0) && (!ties.has('input', 1) || ties.numbers(1)?.every((number) => number > 0) === true);
    }
    const rule = operatorSpec(node.domain, node.opType)?.scaling;
    switch (rule?.kind) {
      case 'passes':
        return rule.holds?.(ties) !== false && through(rule.input);
      case 'joins':
        return node.inputs.every((_, position) => through(position));
      case 'multiplies':
        return tied.some(vanishes);
      case 'gains':
        return (
          rule.offset === undefined &&
          node.inputs.every((name, position) => name === '' || position === rule.gain || through(position))
        );
      default:
        return false;
    }
  }

  /** Weights of zero give zero, unless something else is added: all that stands behind data and weights has to be cleared too. */
  #givesNothing(node: Node, { weights }: ChannelTies): boolean {
    const cleared = weights.filter(({ role }) => role === 'produces').map(({ axis }) => axis.position);
    return (
      cleared.every((position) => this.#isStored(node.inputs[position] ?? '')) &&
      node.inputs.every((name, position) => position < 2 || name === '' || cleared.includes(position))
    );
  }
}

/** Axes of inputs whose elements go with those of an output's axis. */
function tiedInputs({ ties }: ChannelTies, output: AxisRef): readonly AxisRef[] {
  const found: AxisRef[] = [];
  for (const { from, to } of ties) {
    const [near, far] = same(from, output) ? [from, to] : [to, from];
    if (same(near, output) && far.side === 'input' && !found.some((ref) => same(ref, far))) found.push(far);
  }
  return found;
}

function same(a: AxisRef, b: AxisRef): boolean {
  return a.side === b.side && a.position === b.position && a.axis === b.axis;
}

function keyOf(value: string, axis: number): string {
  return `${axis} ${value}`;
}
