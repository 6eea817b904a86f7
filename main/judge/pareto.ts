import type { Verdict } from '../contract/measurement.ts';

/** A measured trial on two axes. */
export interface FrontPoint {
  readonly id: string;
  /** Less is better. */
  readonly cost: number;
  /** More is better. */
  readonly benefit: number;
}

/** What is known of point a against point b on one axis; null: equal, or nothing to judge by. */
export type AxisVerdict<P> = (a: P, b: P) => Verdict | null;

/** How points are judged on the two axes. */
export interface FrontVerdicts<P> {
  readonly cost: AxisVerdict<P>;
  readonly benefit: AxisVerdict<P>;
}

/**
 * Whether a beats b: surely better on one axis, and on the other not surely worse. A difference within the noise neither
 * beats nor saves.
 */
export function dominates<P>(a: P, b: P, { cost, benefit }: FrontVerdicts<P>): boolean {
  const verdicts = [cost(a, b), benefit(a, b)];
  return verdicts.includes('better') && !verdicts.includes('worse');
}

/**
 * The measured points that no other beats (see {@link dominates}), by rising cost. Points within each other's noise on
 * both axes all stay. O(n²) verdicts.
 */
export function paretoFront<P extends FrontPoint>(points: readonly P[], verdicts: FrontVerdicts<P>): P[] {
  return points
    .filter((point) => !points.some((other) => other !== point && dominates(other, point, verdicts)))
    .toSorted((a, b) => a.cost - b.cost || b.benefit - a.benefit);
}

/** Judges two numbers as they are, for axes that are counted: less cost, or more benefit. */
export const exactVerdicts: FrontVerdicts<FrontPoint> = {
  cost: (a, b) => order(b.cost, a.cost),
  benefit: (a, b) => order(a.benefit, b.benefit),
};

function order(a: number, b: number): Verdict | null {
  return a === b ? null : a > b ? 'better' : 'worse';
}
