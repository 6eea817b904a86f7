/**
 * What pruning of whole channels leaves, told in the frame of the slider's move: the widths of all groups, and what the model
 * is worth at them. Exact, since widths and totals follow from the plan by the arithmetic that the cut itself uses. Pure.
 */
import type { ChannelPlan } from '../../contract/channel-plan.ts';
import type { ChannelPruning } from '../../contract/recipe/prune-channels.ts';
import {
  allocateGlobal,
  allocateUniform,
  allowedWidths,
  spreadWidths,
  type WidthRules,
  type WidthTarget,
} from './allocate.ts';
import { allocateByPrice, priceOptions, type PricedOptions } from './allocate-by-price.ts';
import { lossAt, type GroupCurves, type MeasuredPlan } from './measured-plan.ts';
import { predictWidths } from './width-latency.ts';
import { fullTotals, widthTotals, type WidthGroup, type WidthMeasure, type WidthTotals } from './widths.ts';

/** A cut before it is made. */
export interface ChannelCut {
  /** Atoms that each group keeps. */
  readonly kept: Int32Array;
  readonly totals: WidthTotals;
  /** At full width. */
  readonly full: WidthTotals;
  /** Share of the target's measure that is left, of latency as predicted; null: of a latency that was timed when it was chosen. */
  readonly share: number | null;
  /** False: even the narrowest widths that the step allows leave more than the target. */
  readonly met: boolean;
  /**
   * How much of the signal goes: the mean over the groups of the removed share of Σw², 0…1. Null where it is not known which
   * atoms go.
   */
  readonly strength: number | null;
  /**
   * Sum of the divergences of the groups when each is cut alone to its width, in nats; null: they were not measured by this
   * score, or outputs are no scores.
   */
  readonly divergence: number | null;
  /**
   * What stands in for what only the cut itself tells. losses: how much goes where follows from groups that were cut alone, on
   * fewer samples and widths than the cut looks at. even: nothing is known of that, and the same share of each group is shown.
   */
  readonly guess: 'losses' | 'even' | null;
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
 * @returns null where the widths follow from times that the plan does not hold
 */
export function channelCut(plan: MeasuredPlan, step: ChannelPruning): ChannelCut | null {
  const found = widthsOf(plan, step);
  if (found === null) return null;
  const { kept, guess } = found;
  const { measure, keep } = targetOf(step);
  const totals = widthTotals(plan.widths, kept);
  const full = fullTotals(plan.widths);
  const share =
    measure !== 'latency'
      ? full[measure] === 0
        ? 1
        : totals[measure] / full[measure]
      : found.timed || plan.latency === undefined
        ? null
        : predictWidths(plan.latency, kept).value / plan.latency.fullMs;
  const met = share === null || share <= keep * (1 + 1e-6);
  return {
    kept,
    totals,
    full,
    share,
    met,
    strength: strengthOf(plan, step, kept),
    divergence: divergenceOf(plan, step, kept),
    guess,
  };
}

/** The measure that a step aims at, and the share of it to keep. */
export function targetOf({ target }: ChannelPruning): {
  readonly measure: WidthMeasure | 'latency';
  readonly keep: number;
} {
  const [[measure, keep]] = Object.entries(target) as [[WidthMeasure | 'latency', number]];
  return { measure, keep };
}

/**
 * A guessed cut with the widths that the made one has.
 * @param layers of the made cut: channels that each gives
 * @returns the guess itself where it is not told how wide every group is
 */
export function cutAsMade(
  plan: MeasuredPlan,
  step: ChannelPruning,
  guessed: ChannelCut,
  layers: readonly { readonly name: string; readonly channels: { readonly after: number } | null }[],
): ChannelCut {
  const after = new Map(layers.map(({ name, channels }) => [name, channels?.after]));
  const kept = plan.widths.groups.map((_, at) => {
    const only = plan.layers.find(({ name, channels: { parts } }) => parts.length === 1 && parts[0]!.group === at && after.get(name) !== undefined); // prettier-ignore
    return only && (after.get(only.name)! - only.channels.fixed) / only.channels.parts[0]!.each;
  });
  if (!kept.every((count) => count !== undefined && Number.isInteger(count))) return guessed;
  const made = Int32Array.from(kept as number[]);
  const { measure } = targetOf(step);
  const totals = widthTotals(plan.widths, made);
  const share = measure === 'latency' ? guessed.share : totals[measure] / guessed.full[measure];
  const told = { strength: strengthOf(plan, step, made), divergence: divergenceOf(plan, step, made) };
  return { ...guessed, ...told, kept: made, totals, share, met: true, guess: null };
}

interface FoundWidths extends Pick<ChannelCut, 'kept' | 'guess'> {
  /** They were timed on this machine before, and stand in the step. */
  readonly timed: boolean;
}

function widthsOf(plan: MeasuredPlan, step: ChannelPruning): FoundWidths | null {
  const { groups } = plan.widths;
  const rules = widthRules(groups, step);
  const { measure, keep } = targetOf(step);
  // What was timed stands in the widths of every group.
  if (measure === 'latency' && groups.every(({ name }) => rules.widths[name] !== undefined || rules.frozen.has(name))) {
    const kept = Int32Array.from(groups, (group) => allowedWidths(group, rules)[0]!);
    return { kept, guess: null, timed: true };
  }
  if (measure === 'latency' && plan.latency === undefined) return null;
  const target: WidthTarget = measure === 'latency' ? { measure, keep, latency: plan.latency! } : { measure, keep };
  return { ...allocated(plan, step, target, rules), timed: false };
}

function allocated(
  plan: MeasuredPlan,
  { scope, score }: ChannelPruning,
  target: WidthTarget,
  rules: WidthRules,
): Pick<ChannelCut, 'kept' | 'guess'> {
  const { widths, curves } = plan;
  const scores = scoresOf(plan, score);
  if (scope === 'optimal' && curves?.score === score) {
    return { kept: allocateByPrice(widths, pricedOptions(plan, curves, target, rules), target), guess: 'losses' };
  }
  if (scope === 'global' && scores !== null) {
    return { kept: allocateGlobal(widths, scores, target, rules), guess: score === 'obs' ? 'losses' : null };
  }
  return { kept: allocateUniform(widths, target, rules), guess: scope === 'uniform' ? null : 'even' };
}

/** Widths of a group that are looked at, beside the full one: as many as the cut tries at most. */
const TRIED_WIDTHS = 8;
const priced = new WeakMap<MeasuredPlan, { readonly key: string; readonly options: PricedOptions }>();

/** Remembered for the last rules and measure: while the target moves they stay. */
function pricedOptions(
  plan: MeasuredPlan,
  { losses }: GroupCurves,
  target: WidthTarget,
  rules: WidthRules,
): PricedOptions {
  const key = JSON.stringify([target.measure, rules.align, rules.minimum, rules.widths, [...rules.frozen]]);
  const known = priced.get(plan);
  if (known?.key === key) return known.options;
  const options = plan.widths.groups.map((group, at) =>
    spreadWidths(allowedWidths(group, rules), TRIED_WIDTHS).map((width) => ({
      width,
      loss: lossAt(losses[at]!, width),
    })),
  );
  const made = priceOptions(plan.widths, options, target);
  priced.set(plan, { key, options: made });
  return made;
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

/** Scores that only data tell: as long as they are not known, the order of L2 stands in for theirs. */
const FROM_DATA: ReadonlySet<string> = new Set(['obs', 'activation', 'taylor']);

function strengthOf(plan: ChannelPlan, { score }: ChannelPruning, kept: Int32Array): number | null {
  const ordered = ordersOf(plan, score) ?? (FROM_DATA.has(score) ? ordersOf(plan, 'l2') : null);
  if (ordered === null) return null;
  return ordered.reduce((sum, { lost }, at) => sum + lost[kept[at]!]!, 0) / Math.max(1, ordered.length);
}

function divergenceOf({ curves }: MeasuredPlan, { score }: ChannelPruning, kept: Int32Array): number | null {
  if (curves?.score !== score || curves.measure !== 'divergence') return null;
  return curves.losses.reduce((sum, own, at) => sum + lossAt(own, kept[at]!), 0);
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
