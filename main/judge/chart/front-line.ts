/** A point of a chart of benefit over cost. */
export interface FrontPoint {
  readonly cost: number;
  readonly benefit: number;
  readonly onFront: boolean;
}

/** The line of the front as steps: to the right at the same benefit, then up. */
export function frontSteps(points: readonly FrontPoint[]): { cost: number; benefit: number }[] {
  const front = points.filter((point) => point.onFront).sort((a, b) => a.cost - b.cost);
  return front.flatMap(({ cost, benefit }, i) => {
    const before = front[i - 1];
    return before === undefined
      ? [{ cost, benefit }]
      : [
          { cost, benefit: before.benefit },
          { cost, benefit },
        ];
  });
}
