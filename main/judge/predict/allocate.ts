import { predictWidths, RunningLatency, type LatencyModel } from './width-latency.ts';
import { RunningTotals } from './running-totals.ts';
import { fullTotals, widthTotals, type WidthGroup, type WidthMeasure, type WidthModel } from './widths.ts';

/** Which widths a cut may choose. */
export interface WidthRules {
  /** Widths are multiples of this many elements, as kernels like them; 1: any. */
  readonly align: number;
  /** Elements that a group keeps at least. */
  readonly minimum: number;
  /** Atoms that a group keeps whatever the target, by its name. */
  readonly widths: Readonly<Record<string, number>>;
  /** Groups that stay whole. */
  readonly frozen: ReadonlySet<string>;
}

/** Share of a measure that is kept, 0…1; of latency as it is predicted. */
export type WidthTarget =
  | { readonly measure: WidthMeasure; readonly keep: number }
  | { readonly measure: 'latency'; readonly keep: number; readonly latency: LatencyModel };

/** The target's measure at these widths over that of the whole model. */
export function shareAt(model: WidthModel, target: WidthTarget, kept: ArrayLike<number>): number {
  if (target.measure === 'latency') return predictWidths(target.latency, kept).value / target.latency.fullMs;
  return widthTotals(model, kept)[target.measure] / fullTotals(model)[target.measure];
}

/** Widths that a group may have under the rules, ascending, its full width last. */
export function allowedWidths(group: WidthGroup, { align, minimum, widths, frozen }: WidthRules): readonly number[] {
  const { atoms, each, name } = group;
  if (frozen.has(name)) return [atoms];
  const fixed = widths[name];
  if (fixed !== undefined) return [Math.min(Math.max(1, fixed), atoms)];
  const step = align / greatestDivisor(align, each);
  const least = Math.max(1, Math.ceil(minimum / each));
  const allowed: number[] = [];
  for (let width = Math.ceil(least / step) * step; width < atoms; width += step) allowed.push(width);
  return [...allowed, atoms];
}

/** At most so many widths beside the last, evenly over them. */
export function spreadWidths(widths: readonly number[], most: number): readonly number[] {
  const smaller = widths.slice(0, -1);
  if (smaller.length <= most) return widths;
  const step = (smaller.length - 1) / (most - 1);
  const picked = Array.from({ length: most }, (_, at) => smaller[Math.round(at * step)]!);
  return [...picked, widths.at(-1)!];
}

/**
 * The same share of every group, as large as the target allows; each width is the allowed one that is nearest.
 * @returns atoms that each group keeps
 */
export function allocateUniform(model: WidthModel, target: WidthTarget, rules: WidthRules): Int32Array {
  const allowed = model.groups.map((group) => allowedWidths(group, rules));
  const shares = allowed.flatMap((widths, at) => widths.map((width) => width / model.groups[at]!.atoms));
  return searchLargest(model, target, changePoints(shares), (group, share) =>
    nearest(allowed[group]!, share * model.groups[group]!.atoms),
  );
}

/**
 * One threshold on the scores over all groups, each divided by the mean of its group, as low as the target allows; the atoms
 * above it are counted and the nearest allowed width is taken.
 * @param scores of each group's atoms, in any order; the same scores stand for the same groups
 */
export function allocateGlobal(
  model: WidthModel,
  scores: readonly ArrayLike<number>[],
  target: WidthTarget,
  rules: WidthRules,
): Int32Array {
  const allowed = model.groups.map((group) => allowedWidths(group, rules));
  const { ordered, thresholds } = orderScores(scores);
  return searchLargest(model, target, thresholds, (group, threshold) =>
    nearest(allowed[group]!, countAbove(ordered[group]!, threshold)),
  );
}

/** The scores of each group over their mean, ascending, and all thresholds from nothing kept down to everything. */
interface OrderedScores {
  readonly ordered: readonly Float64Array[];
  readonly thresholds: Float64Array;
}

const orders = new WeakMap<readonly ArrayLike<number>[], OrderedScores>();

/** Remembered, since a slider asks again and again with the same scores. */
function orderScores(scores: readonly ArrayLike<number>[]): OrderedScores {
  const known = orders.get(scores);
  if (known !== undefined) return known;
  const ordered = scores.map((own) => {
    const mean = meanOf(own);
    return Float64Array.from(own, (score) => (mean === 0 ? 0 : score / mean)).sort();
  });
  const thresholds = new Float64Array(ordered.reduce((count, { length }) => count + length, 2));
  let at = 1;
  for (const own of ordered) {
    thresholds.set(own, at);
    at += own.length;
  }
  thresholds[at] = Infinity;
  const made = { ordered, thresholds: thresholds.sort().reverse() };
  orders.set(scores, made);
  return made;
}

/**
 * What fits the target best: the last of `steps`, which grow the model, whose measure does not exceed it (else the first),
 * and of the steps after it what still fits, group by group. A wide step of one group (eight channels of a residual stream)
 * may cost more than all the rest: it waits, and the others go on without it.
 * @param widthOf a group's width at a step; never less at a later one
 */
function searchLargest(
  model: WidthModel,
  target: WidthTarget,
  steps: ArrayLike<number>,
  widthOf: (group: number, step: number) => number,
): Int32Array {
  const groups = [...model.groups.keys()];
  const widthsAt = (at: number): Int32Array => Int32Array.from(groups, (group) => widthOf(group, steps[at]!));
  // A measure that comes out equal but for rounding is met.
  const most = target.keep * (1 + 1e-9);
  const low = lastPlace(0, steps.length - 1, (at) => shareAt(model, target, widthsAt(at)) <= most);
  const found = widthsAt(low);
  const running = runningShare(model, target, found);
  /** The first step after this one at which a group is wider; as many as there are: none. */
  const growsAfter = (group: number, from: number): number =>
    1 + lastPlace(from, steps.length - 1, (at) => widthOf(group, steps[at]!) === found[group]);
  const next = groups.map((group) => growsAfter(group, low));
  for (;;) {
    let first = 0;
    for (const group of groups) if (next[group]! < next[first]!) first = group;
    const at = next[first];
    if (at === undefined || at >= steps.length) return found;
    const width = widthOf(first, steps[at]!);
    running.set(first, width);
    if (running.share() <= most) {
      found[first] = width;
      next[first] = growsAfter(first, at);
    } else {
      running.set(first, found[first]!);
      next[first] = steps.length;
    }
  }
}

/** The last place that holds what all before it hold, by halving; the first is taken to hold it. */
function lastPlace(first: number, last: number, holds: (at: number) => boolean): number {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The target's measure while single groups change, over that of the whole model; a change costs what the group touches. */
export interface RunningShare {
  readonly set: (group: number, width: number) => void;
  readonly share: () => number;
}

export function runningShare(model: WidthModel, target: WidthTarget, kept: ArrayLike<number>): RunningShare {
  if (target.measure === 'latency') {
    const running = new RunningLatency(target.latency, kept);
    return { set: (group, width) => running.set(group, width), share: () => running.share };
  }
  const { measure } = target;
  const running = new RunningTotals(model, kept);
  const full = fullTotals(model)[measure];
  return { set: (group, width) => running.set(group, width), share: () => running.total(measure) / full };
}

/** Shares between which the nearest widths do not change, ascending. */
function changePoints(shares: readonly number[]): Float64Array {
  const sorted = Float64Array.from(new Set([0, ...shares, 1])).sort();
  const points: number[] = [];
  sorted.forEach((share, at) => {
    points.push(share);
    const next = sorted[at + 1];
    if (next !== undefined) points.push((share + next) / 2);
  });
  return Float64Array.from(points);
}

/** The width nearest to a wish; of two the larger. @param widths ascending */
function nearest(widths: readonly number[], wish: number): number {
  let low = 0;
  let high = widths.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (widths[middle]! < wish) low = middle + 1;
    else high = middle;
  }
  // The first that is not below the wish, or the last of all; and the one before it.
  const [above, below] = [widths[low]!, widths[low - 1]];
  return below !== undefined && wish - below < above - wish ? below : above;
}

function countAbove(sorted: Float64Array, threshold: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < threshold) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length === 0 ? 0 : sum / values.length;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
