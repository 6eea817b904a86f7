import type { Graph, Model } from '../graph/ir.ts';
import { usedValues } from '../graph/index-graph.ts';
import { makeValueInfo } from '../graph/make.ts';
import { inferModel } from '../operators/infer.ts';
import type { KeptValues } from '../runtime/protocol.ts';
import type { KeptBetween } from './collect-sums.ts';
import type { Runner } from '../runtime/runner.ts';

/** Memory of the runner that values between rounds may take; above it, rounds begin where they could last be kept. */
export const KEPT_BYTES = 512 * 2 ** 20;

/**
 * Values that are final, left in the runner batch by batch, so that a round of work need not begin at the model's
 * inputs: with them all rounds cost one pass through the model, and not one for each layer.
 */
export class Frontier {
  readonly #runner: Runner;
  /** Levels up to this are final in what is kept; 0: nothing is kept. */
  #level = 0;
  #values: readonly string[] = [];
  #kept: KeptValues[] = [];

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** The values that are kept, by name. */
  get values(): readonly string[] {
    return this.#values;
  }

  /** What a round takes up and leaves, whose layers are of this level; everything before them is final by then. */
  between(model: Model, levelOf: (value: string) => number, level: number): KeptBetween {
    const final = level - 1;
    const keep = final > this.#level ? crossing(model, levelOf, final) : [];
    return {
      from: (batch) => this.#kept[batch] ?? null,
      keep,
      isTooMuch: (kept) => kept.reduce((sum, { bytes }) => sum + bytes, 0) > KEPT_BYTES,
      done: async (kept) => {
        if (kept === undefined || kept.length === 0) return;
        await this.release();
        [this.#level, this.#values, this.#kept] = [final, keep, kept];
      },
    };
  }

  async release(): Promise<void> {
    const kept = this.#kept;
    [this.#level, this.#values, this.#kept] = [0, [], []];
    await this.#runner.release(kept);
  }
}

/**
 * The values of at most this level that nodes of higher ones take.
 * @returns none where one of them is of a type that cannot be told, or where everything follows from constants
 */
export function crossing(model: Model, levelOf: (value: string) => number, level: number): readonly string[] {
  const { graph } = model;
  const { values } = inferModel(model);
  const made = fedValues(graph);
  const found = new Set<string>();
  for (const node of graph.nodes) {
    if (node.outputs.every((value) => levelOf(value) <= level)) continue;
    for (const value of usedValues(node)) if (made.has(value) && levelOf(value) <= level) found.add(value);
  }
  return [...found].every((value) => values.get(value)?.dtype !== undefined) ? [...found] : [];
}

/** Values that follow from what the model is fed with. */
function fedValues(graph: Graph): ReadonlySet<string> {
  const stored = new Set(graph.initializers.map(({ name }) => name));
  const fed = new Set(graph.inputs.map(({ name }) => name).filter((name) => !stored.has(name)));
  const made = new Set<string>();
  for (const node of graph.nodes) {
    if (!usedValues(node).some((value) => fed.has(value) || made.has(value))) continue;
    for (const output of node.outputs) if (output !== '') made.add(output);
  }
  return made;
}

/** The model with some of its values as further inputs, in place of the nodes that make them. */
export function beginningAt(model: Model, values: readonly string[]): Model {
  if (values.length === 0) return model;
  const { values: known } = inferModel(model);
  const given = new Set(values);
  const infos = values.map((name) => {
    const { dtype, shape } = known.get(name) ?? {};
    return makeValueInfo(
      name,
      dtype,
      shape?.map((dim) => (typeof dim === 'number' ? dim : null)),
    );
  });
  // What the outputs do not need of the rest falls away as dead code.
  const nodes = model.graph.nodes.map((node) =>
    node.outputs.some((output) => given.has(output))
      ? { ...node, outputs: node.outputs.map((output) => (given.has(output) ? '' : output)) }
      : node,
  );
  return { ...model, graph: { ...model.graph, inputs: [...model.graph.inputs, ...infos], nodes } };
}
