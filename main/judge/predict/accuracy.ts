/**
 * Predicts what pruning costs in accuracy, before anything was run. A prediction, and drawn as one.
 *
 * Prior: what stays of the accuracy above chance ("retention") falls with the cut's strength x (mean share of removed
 * weight energy, see `cutStrength` in cut.ts) as r(x) = 1 / (1 + (x / h)^k), with h = 0.22 and k = 3.5: magnitude
 * pruning without retraining leaves ordinary CNNs nearly whole at half their weights (x ≈ 0.07 for Gaussian weights)
 * and breaks them between 70 % and 80 % (x ≈ 0.2–0.35). The band is the same curve with h halved and doubled.
 *
 * Measured trials of the same model replace the prior where they stand: the curve goes through them (made monotone by
 * pooling adjacent violators), and between two of them it keeps the prior's shape, scaled to fit. The band closes to
 * the measurement's own interval there.
 */

/** Strength at which half of the accuracy above chance is expected to be lost. */
const HALF_STRENGTH = 0.22;
const STEEPNESS = 3.5;
/** How far off the half strength may be, either way. */
const BAND_FACTOR = 2;

/** A pruned trial whose accuracy was measured. */
export interface MeasuredCut {
  /** See `cutStrength`. */
  readonly strength: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
}

/** What the predictor knows about the untouched model. */
export interface AccuracyBase {
  /** Accuracy (or agreement) of the untouched model, 0…1. */
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  /** What guessing gives: 1 / classes; 0 when unknown. */
  readonly chance: number;
}

/** A predicted share with its band, 0…1. */
export interface Prediction {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Measured trials that the prediction passes through. */
  readonly anchors: number;
}

/** The prior's retention at a strength; 1 at 0, falling towards 0. */
function priorRetention(strength: number, halfStrength: number): number {
  return 1 / (1 + (strength / halfStrength) ** STEEPNESS);
}

interface Anchor {
  readonly strength: number;
  readonly value: number;
  /** Half-widths of the measurement's interval. */
  readonly below: number;
  readonly above: number;
}

/** Makes the anchors' values non-increasing by pooling adjacent violators (equal weights). */
function pooled(anchors: readonly Anchor[]): Anchor[] {
  const groups: Anchor[][] = [];
  const mean = (group: readonly Anchor[]): number => group.reduce((sum, a) => sum + a.value, 0) / group.length;
  for (const anchor of anchors) {
    groups.push([anchor]);
    while (groups.length > 1 && mean(groups.at(-1)!) > mean(groups.at(-2)!)) {
      const last = groups.pop()!;
      groups.at(-1)!.push(...last);
    }
  }
  return groups.flatMap((group) => {
    const value = mean(group);
    return group.map((anchor) => ({ ...anchor, value }));
  });
}

/** The curve through the anchors with the prior's shape between and after them. Anchors start at strength 0. */
function curveAt(anchors: readonly Anchor[], strength: number, halfStrength: number): number {
  let left = anchors[0]!;
  let right: Anchor | undefined;
  for (const anchor of anchors) {
    if (anchor.strength <= strength) left = anchor;
    else {
      right = anchor;
      break;
    }
  }
  const atLeft = priorRetention(left.strength, halfStrength);
  const here = priorRetention(strength, halfStrength);
  // A measurement below chance has nothing left to lose: scaling it towards chance would be a rise.
  if (!right) return left.value > 0 ? left.value * (here / atLeft) : left.value;
  const fall = atLeft - priorRetention(right.strength, halfStrength);
  const passed = fall > 0 ? (atLeft - here) / fall : 0;
  return left.value - (left.value - right.value) * passed;
}

/**
 * What monotony alone leaves open between two anchors: half of the way to either of them in the middle, nothing at the
 * anchors themselves. The prior's variants say little there, as they are scaled to the same ends.
 */
function openBetween(anchors: readonly Anchor[], strength: number, value: number): { below: number; above: number } {
  const next = anchors.findIndex((anchor) => anchor.strength > strength);
  const left = anchors[next - 1];
  const right = anchors[next];
  if (left === undefined || right === undefined) return { below: 0, above: 0 };
  const share = (strength - left.strength) / (right.strength - left.strength);
  const bulge = 2 * share * (1 - share);
  return { below: (value - right.value) * bulge, above: (left.value - value) * bulge };
}

/** The measurements' own uncertainty at a strength, linear between anchors. */
function anchorWidth(anchors: readonly Anchor[], strength: number, side: 'below' | 'above'): number {
  const next = anchors.findIndex((anchor) => anchor.strength > strength);
  if (next < 0) return anchors.at(-1)![side];
  const left = anchors[Math.max(0, next - 1)]!;
  const right = anchors[next]!;
  const span = right.strength - left.strength;
  const share = span > 0 ? (strength - left.strength) / span : 0;
  return left[side] + (right[side] - left[side]) * share;
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/** Anchors sorted by strength; those that share one are averaged, so that the curve is a function. */
function anchorsOf(base: AccuracyBase, measured: readonly MeasuredCut[]): Anchor[] {
  const room = Math.max(1e-9, base.accuracy - base.chance);
  const byStrength = new Map<number, Anchor[]>();
  for (const cut of measured) {
    const anchor: Anchor = {
      strength: cut.strength,
      value: (cut.accuracy - base.chance) / room,
      below: Math.max(0, cut.accuracy - cut.low) / room,
      above: Math.max(0, cut.high - cut.accuracy) / room,
    };
    byStrength.set(cut.strength, [...(byStrength.get(cut.strength) ?? []), anchor]);
  }
  const origin: Anchor = {
    strength: 0,
    value: 1,
    below: Math.max(0, base.accuracy - base.low) / room,
    above: Math.max(0, base.high - base.accuracy) / room,
  };
  const merged = [...byStrength]
    .filter(([strength]) => strength > 0)
    .sort(([a], [b]) => a - b)
    .map(([strength, group]) => ({
      strength,
      value: group.reduce((sum, a) => sum + a.value, 0) / group.length,
      below: Math.max(...group.map((a) => a.below)),
      above: Math.max(...group.map((a) => a.above)),
    }));
  return pooled([origin, ...merged]);
}

/** From here on a divergence says nothing any more: the distributions may share less than a twentieth. */
const MOST_DISTANCE = 0.95;

/**
 * What may be left of the accuracy when a model's scores diverge from the whole model's by so many nats: with D of KL the two
 * distributions differ in at most √(1 − e^−D) of their mass. The band reaches from nothing lost to all of that, the value lies
 * in the middle. The sum of what groups lose alone is taken for D, though together they may lose more.
 * @returns null where the divergence leaves everything open
 * @see Bretagnolle & Huber 1979; Canonne 2022, A short note on an inequality between KL and TV
 */
export function accuracyFromDivergence(divergence: number, base: AccuracyBase): Prediction | null {
  const distance = Math.sqrt(1 - Math.exp(-Math.max(0, divergence)));
  if (!(distance <= MOST_DISTANCE)) return null;
  const at = (accuracy: number, share: number): number => base.chance + (accuracy - base.chance) * share;
  return {
    value: clamp(at(base.accuracy, 1 - distance / 2)),
    low: clamp(at(base.low, 1 - distance)),
    high: clamp(base.high),
    anchors: 0,
  };
}

/**
 * Predicts the accuracy after a cut.
 * @param strength  of the cut, see `cutStrength`
 * @param base      the untouched model, measured
 * @param measured  pruned trials of the same model on the same data; any order
 * @returns never better for a stronger cut; exactly the measurement where one stands (unless they contradict each other)
 */
export function predictAccuracy(strength: number, base: AccuracyBase, measured: readonly MeasuredCut[]): Prediction {
  const anchors = anchorsOf(base, measured);
  const room = base.accuracy - base.chance;
  const shares = [1, 1 / BAND_FACTOR, BAND_FACTOR].map((f) => curveAt(anchors, strength, HALF_STRENGTH * f));
  const { below, above } = openBetween(anchors, strength, shares[0]!);
  const low = Math.min(...shares, shares[0]! - below) - anchorWidth(anchors, strength, 'below');
  const high = Math.max(...shares, shares[0]! + above) + anchorWidth(anchors, strength, 'above');
  return {
    value: clamp(base.chance + room * shares[0]!),
    low: clamp(base.chance + room * low),
    high: clamp(base.chance + room * high),
    anchors: anchors.length - 1,
  };
}
