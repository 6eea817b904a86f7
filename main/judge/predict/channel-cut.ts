/**
 * What pruning of whole channels leaves, told in the frame of the slider's move: the widths of all groups, and what the model
 * is worth at them. Exact, since widths and totals follow from the plan by the arithmetic that the cut itself uses. Pure.
 */
import type { ChannelPlan } from '../../contract/channel-plan.ts';
import type { ChannelPruning } from '../../contract/recipe/prune-channels.ts';
import { allocateGlobal, allocateUniform, allowedWidths, type WidthRules } from './allocate.ts';
import { fullTotals, widthTotals, type WidthGroup, type WidthMeasure, type WidthTotals } from './widths.ts';

/** A cut before it is made. */
export interface ChannelCut {
  /** Atoms that each group keeps. */
  readonly kept: Int32Array;
  readonly totals: WidthTotals;
  /** At full width. */
  readonly full: WidthTotals;
  /** Share of the target's measure that is left; null: of latency, which is timed. */
  readonly share: number | null;
  /** False: even the narrowest widths that the step allows leave more than the target. */
  readonly met: boolean;
  /**
   * How much of the signal goes: the mean over the groups of the removed share of Σw², 0…1. Null where it is not known which
   * atoms go.
   */
  readonly strength: number | null;
}

/** Which widths a step allows: groups of which an excluded layer gives channels stay whole. */
export function widthRules(
  groups: readonly WidthGroup[],
  { align, minimum, widths, exclude }: ChannelPruning,
): WidthRules {
  const excluded = new Set(exclude);
  const frozen = groups.filter(({ layers }) => layers.some((layer) => excluded.has(layer))).map(({ name }) => name);
  return { align, minimum, widths, frozen: new Set(frozen) };
}

/**
 * Cuts all groups of a plan.
 * @returns null where the widths follow from what the plan does not hold: scores that only the cut tells, or times of layers
 */
export function channelCut(plan: ChannelPlan, step: ChannelPruning): ChannelCut | null {
  const kept = widthsOf(plan, step);
  if (kept === null) return null;
  const { measure, keep } = targetOf(step);
  const totals = widthTotals(plan.widths, kept);
  const full = fullTotals(plan.widths);
  const share = measure === 'latency' ? null : full[measure] === 0 ? 1 : totals[measure] / full[measure];
  const met = share === null || share <= keep * (1 + 1e-6);
  return { kept, totals, full, share, met, strength: strengthOf(plan, step, kept) };
}

/** The measure that a step aims at, and the share of it to keep. */
export function targetOf({ target }: ChannelPruning): {
  readonly measure: WidthMeasure | 'latency';
  readonly keep: number;
} {
  const [[measure, keep]] = Object.entries(target) as [[WidthMeasure | 'latency', number]];
  return { measure, keep };
}

function widthsOf(plan: ChannelPlan, step: ChannelPruning): Int32Array | null {
  const { groups } = plan.widths;
  const rules = widthRules(groups, step);
  const { measure, keep } = targetOf(step);
  if (measure === 'latency') {
    // What was timed stands in the widths of every group; before, it is not known.
    const timed = groups.every(({ name }) => rules.widths[name] !== undefined || rules.frozen.has(name));
    return timed ? Int32Array.from(groups, (group) => allowedWidths(group, rules)[0]!) : null;
  }
  // Losses are measured when the channels are cut.
  if (step.scope === 'optimal') return null;
  const target = { measure, keep };
  if (step.scope === 'uniform') return allocateUniform(plan.widths, target, rules);
  const scores = scoresOf(plan, step.score);
  return scores === null ? null : allocateGlobal(plan.widths, scores, target, rules);
}

const scoresByPlan = new WeakMap<ChannelPlan, Map<string, readonly Float64Array[] | null>>();

/** The scores of all groups, the same list every time; null where the plan lacks them. */
function scoresOf(plan: ChannelPlan, score: string): readonly Float64Array[] | null {
  const known = scoresByPlan.get(plan) ?? new Map<string, readonly Float64Array[] | null>();
  scoresByPlan.set(plan, known);
  const remembered = known.get(score);
  if (remembered !== undefined) return remembered;
  const all = plan.groups.map(({ scores }) => (scores as Readonly<Record<string, Float64Array | null>>)[score] ?? null);
  const found = all.every((scored) => scored !== null) ? all : null;
  known.set(score, found);
  return found;
}

/** What is known of the order in which a group's atoms go. */
interface AtomOrder {
  /** Places of the atoms, the one that stays longest first. */
  readonly order: Uint32Array;
  /** Their scores, in this order. */
  readonly sorted: Float64Array;
  /** Share of the group's Σw² that goes when the first k of them stay; length atoms + 1. */
  readonly lost: Float64Array;
}

const orders = new WeakMap<ChannelPlan, Map<string, readonly AtomOrder[] | null>>();

/** By score; remembered for each plan. */
function ordersOf(plan: ChannelPlan, score: string): readonly AtomOrder[] | null {
  const known = orders.get(plan) ?? new Map<string, readonly AtomOrder[] | null>();
  orders.set(plan, known);
  const remembered = known.get(score);
  if (remembered !== undefined) return remembered;
  const made = scoresOf(plan, score)?.map((scores, at) => orderOf(scores, plan.groups[at]!.scores.l2)) ?? null;
  known.set(score, made);
  return made;
}

/** Of equal scores the first stays, as in the cut. */
function orderOf(scores: Float64Array, l2: Float64Array): AtomOrder {
  const order = Uint32Array.from(scores, (_, at) => at).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const lost = new Float64Array(order.length + 1);
  for (let count = order.length - 1; count >= 0; count--) lost[count] = lost[count + 1]! + l2[order[count]!]! ** 2;
  const all = lost[0]!;
  const sorted = Float64Array.from(order, (at) => scores[at]!);
  return { order, sorted, lost: all === 0 ? lost : lost.map((energy) => energy / all) };
}

function strengthOf(plan: ChannelPlan, { score }: ChannelPruning, kept: Int32Array): number | null {
  const ordered = ordersOf(plan, score);
  if (ordered === null) return null;
  return ordered.reduce((sum, { lost }, at) => sum + lost[kept[at]!]!, 0) / Math.max(1, ordered.length);
}

/** Share of a group's Σw² that goes when `count` of its atoms stay, 0…1; null where the plan does not know the score. */
export function energyLost(plan: ChannelPlan, score: string, group: number, count: number): number | null {
  return ordersOf(plan, score)?.[group]?.lost[count] ?? null;
}

/** The scores of a group's atoms, falling; null where the plan does not know them. */
export function sortedScores(plan: ChannelPlan, score: string, group: number): Float64Array | null {
  return ordersOf(plan, score)?.[group]?.sorted ?? null;
}

/**
 * Which atoms of a group stay, 1 or 0 each, in the order of the atoms.
 * @returns null where the plan does not know the score
 */
export function atomsKept(plan: ChannelPlan, score: string, group: number, count: number): Uint8Array | null {
  const ordered = ordersOf(plan, score)?.[group];
  if (ordered === undefined) return null;
  const stays = new Uint8Array(ordered.order.length);
  for (let at = 0; at < count; at++) stays[ordered.order[at]!] = 1;
  return stays;
}

/** Channels of a layer at these widths. */
export function channelsAt({ channels }: ChannelPlan['layers'][number], kept: ArrayLike<number>): number {
  return channels.parts.reduce((sum, { group, each }) => sum + each * kept[group]!, channels.fixed);
}
