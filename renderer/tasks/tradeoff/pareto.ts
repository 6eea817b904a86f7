/** Pareto front of points with one cost (less is better) and one benefit (more is better). Pure. */

/** What the front looks at. */
export interface CostBenefit {
  readonly cost: number;
  readonly benefit: number;
}

/**
 * The points that no other point beats: none is at most as costly and at least as good, and better in one of the two.
 * Equal points stay together. O(n log n).
 * @returns in order of rising cost
 */
export function paretoFront<P extends CostBenefit>(points: readonly P[]): P[] {
  const sorted = [...points].sort((a, b) => a.cost - b.cost || b.benefit - a.benefit);
  const front: P[] = [];
  for (const point of sorted) {
    const last = front.at(-1);
    if (!last || point.benefit > last.benefit || (point.benefit === last.benefit && point.cost === last.cost)) {
      front.push(point);
    }
  }
  return front;
}

/** A limit that the user drew; null: none. */
export interface Budget {
  /** Highest cost that is still good enough. */
  readonly cost: number | null;
  /** Lowest benefit that is still good enough. */
  readonly benefit: number | null;
}

/** Whether a point meets every limit that is set. */
export function meetsBudget(point: CostBenefit, budget: Budget): boolean {
  if (budget.cost !== null && point.cost > budget.cost) return false;
  return budget.benefit === null || point.benefit >= budget.benefit;
}
