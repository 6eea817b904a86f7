/** What a plan's layers and conversions take, either way: from kernels that were timed to the partition's problem. */
import { indexGraph } from '../../graph/index-graph.ts';
import type { Graph, Node } from '../../graph/ir.ts';
import { hasTrait, nameHasTrait, roleOf } from '../../operators/ask.ts';
import type { ClockedKernel } from '../../profile/clock-kernels.ts';
import { unitInputs, unitOutputs, type Unit } from '../unit.ts';
import type { ConversionClock } from './clock-conversions.ts';
import type { TimedUnit, TimedValue } from './partition.ts';

/** A value between units, by name. */
export type NamedValue = TimedValue & { readonly name: string };

/** The partition's problem: places of `units` are those of the plan. */
export interface TimedPlan {
  readonly units: readonly TimedUnit[];
  readonly values: readonly NamedValue[];
}

/** Kernels of one model by what they work for. */
export interface SortedTimes {
  /** By place of the unit: its kernel, and what was inserted for it and is no conversion. */
  readonly units: ReadonlyMap<number, number>;
  readonly quantize: ReadonlyMap<string, number>;
  readonly dequantize: ReadonlyMap<string, number>;
}

/** What was written into a model for a plan, by node name. */
export interface WrittenNodes {
  /** The value that a conversion converts. */
  readonly converts: ReadonlyMap<string, string>;
  /** Nodes that the other inserted ones serve. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

export const NOTHING_WRITTEN: WrittenNodes = { converts: new Map(), sources: new Map() };

/**
 * Sums up kernels. A kernel that computes several units counts for its weighted one, or else the first; one that computes
 * none counts for the value that it converts, or for the unit that it was written for, or not at all.
 */
export function sortTimes(
  units: readonly Unit[],
  kernels: readonly ClockedKernel[],
  { converts, sources }: WrittenNodes,
): SortedTimes {
  const placeOf = new Map<string, number>();
  for (const [at, { node, absorbed }] of units.entries()) {
    placeOf.set(node.name, at);
    if (absorbed !== undefined) placeOf.set(absorbed.node.name, at);
  }
  const sorted = {
    units: new Map<number, number>(),
    quantize: new Map<string, number>(),
    dequantize: new Map<string, number>(),
  };
  for (const kernel of kernels) {
    const computed = kernel.sources.flatMap((name) => placeOf.get(name) ?? []);
    const main = computed.find((at) => units[at]!.kind === 'weighted') ?? computed[0];
    if (main !== undefined) {
      add(sorted.units, main, kernel.timeMs);
      continue;
    }
    const value = kernel.sources.map((name) => converts.get(name)).find((name) => name !== undefined);
    if (value !== undefined) {
      const kind = hasOperator(kernel, 'quantizes') ? sorted.quantize : sorted.dequantize;
      add(kind, value, kernel.timeMs);
      continue;
    }
    const served = kernel.sources.flatMap((name) => sources.get(name) ?? []).flatMap((name) => placeOf.get(name) ?? []);
    if (served[0] !== undefined) add(sorted.units, served[0], kernel.timeMs);
  }
  return sorted;
}

function hasOperator({ op }: ClockedKernel, trait: 'quantizes' | 'dequantizes'): boolean {
  return nameHasTrait(op, trait);
}

function add<K>(sums: Map<K, number>, key: K, ms: number): void {
  sums.set(key, (sums.get(key) ?? 0) + ms);
}

/** What a timed plan is made of. */
export interface PlanTimes {
  readonly float: SortedTimes;
  /** With everything in integers that can be. */
  readonly integer: SortedTimes;
  /** Layers whose integer kernel the runtime does not fuse: they convert on both sides. */
  readonly unfused: ReadonlySet<string>;
  readonly conversions: ConversionClock;
  /** Elements of a value. */
  readonly elementsOf: (value: string) => number;
}

/** The partition's problem as the first two profiles tell it. */
export function timedPlan(graph: Graph, units: readonly Unit[], times: PlanTimes): TimedPlan {
  const values = valuesBetween(graph, units, times);
  const byName = new Map(values.map((value) => [value.name, value]));
  const timed = units.map((unit, at): TimedUnit => {
    let integerMs = times.integer.units.get(at) ?? 0;
    if (times.unfused.has(unit.layer)) {
      for (const name of unitInputs(unit)) integerMs += byName.get(name)?.dequantizeMs ?? 0;
      for (const name of unitOutputs(unit)) integerMs += byName.get(name)?.quantizeMs ?? 0;
    }
    return { floatMs: times.float.units.get(at) ?? 0, integerMs };
  });
  return { units: timed, values };
}

function valuesBetween(
  graph: Graph,
  units: readonly Unit[],
  { conversions, elementsOf }: Pick<PlanTimes, 'conversions' | 'elementsOf'>,
): readonly NamedValue[] {
  const index = indexGraph(graph);
  const nodes = new Set<Node>(units.flatMap(({ node, absorbed }) => [node, ...(absorbed ? [absorbed.node] : [])]));
  const madeBy = new Map<string, number>();
  const takenBy = new Map<string, number[]>();
  for (const [at, unit] of units.entries()) {
    for (const name of unitOutputs(unit)) madeBy.set(name, at);
    for (const name of new Set(unitInputs(unit))) takenBy.set(name, [...(takenBy.get(name) ?? []), at]);
  }
  return [...new Set([...takenBy.keys(), ...madeBy.keys()])].map((name) => {
    const maker = madeBy.get(name) ?? null;
    const users = takenBy.get(name) ?? [];
    const takenAsFloat =
      index.isOutput(name) || index.consumers(name).some((node) => !nodes.has(node) && !hasTrait(node, 'readsShape'));
    const elements = elementsOf(name);
    // Matrix products give float directly where nothing takes their codes.
    const free = maker !== null && givesFloat(units[maker]!) && users.length + (takenAsFloat ? 1 : 0) <= 1;
    return {
      name,
      madeBy: maker,
      takenBy: users,
      takenAsFloat,
      quantizeMs: conversions.quantizeMs(elements),
      dequantizeMs: free ? 0 : conversions.dequantizeMs(elements),
    };
  });
}

function givesFloat({ node }: Unit): boolean {
  const role = roleOf(node);
  return role.kind === 'weighted' && role.givesFloat;
}

/**
 * The same problem, with what a model that runs some units in integers and others in float shows of them there: a layer in
 * float between conversions may take longer than in a model all of float, whose layouts it shares.
 * @param integer for each unit how it ran
 */
export function refined(plan: TimedPlan, integer: readonly boolean[], seen: SortedTimes): TimedPlan {
  const units = plan.units.map((unit, at): TimedUnit => {
    const ms = seen.units.get(at);
    if (ms === undefined) return unit;
    return integer[at] === true ? { ...unit, integerMs: ms } : { ...unit, floatMs: ms };
  });
  const values = plan.values.map((value) => ({
    ...value,
    quantizeMs: seen.quantize.get(value.name) ?? value.quantizeMs,
    dequantizeMs: seen.dequantize.get(value.name) ?? value.dequantizeMs,
  }));
  return { units, values };
}
