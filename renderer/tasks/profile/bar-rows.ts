import type { BarRow } from './parts/BarTable.tsx';

/** Something that adds to a sum, or the sum so far. */
export interface Step {
  readonly part: string;
  readonly title: string;
  readonly ms: number;
  readonly isTotal: boolean;
  readonly help: string;
  /** It is not told: it adds nothing. */
  readonly unknown?: boolean;
}

/** Steps as bars, each from where the one before ended; totals from zero. */
export function barRows(steps: readonly Step[]): readonly BarRow[] {
  let sum = 0;
  return steps.map(({ part, title, help, ms, isTotal, unknown }) => {
    const from = isTotal ? 0 : sum;
    sum = isTotal ? ms : sum + ms;
    return {
      key: part,
      title,
      help,
      ms,
      fromMs: from,
      toMs: sum,
      isTotal,
      ...(unknown === true ? { unknown: 'not told' } : {}),
    };
  });
}
