/** Limits on the two axes of the trade-off. Pure. */

/** A point of one cost (less is better) and one benefit (more is better). */
export interface CostBenefit {
  readonly cost: number;
  readonly benefit: number;
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
