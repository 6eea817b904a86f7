import { shareAt, type WidthTarget } from './allocate.ts';
import { allocateExactly } from './allocate-exactly.ts';
import type { WidthModel } from './widths.ts';

/** A width of a group, and what the model loses where this group alone has it. */
export interface WidthOption {
  readonly width: number;
  /** ≥ 0; of the full width 0. */
  readonly loss: number;
}

/** How often the budget is halved in on. */
const SEARCHES = 24;

/**
 * The widths with the least sum of losses that meet the target. What groups save does not quite add up (a layer between two of
 * them shrinks with both), so the budget of the sum is searched with which the whole cut comes nearest to the target.
 * @param options of each group
 * @returns atoms that each group keeps; the narrowest widths where nothing meets the target
 */
export function allocateByLosses(
  model: WidthModel,
  options: readonly (readonly WidthOption[])[],
  target: WidthTarget,
): Int32Array {
  const full = model.groups.map(({ atoms }) => atoms);
  const saved = options.map((own, at) => own.map(({ width }) => 1 - shareAt(model, target, full.with(at, width))));
  const most = saved.map((own) => Math.max(...own));
  const priced = options.map((own, at) =>
    own.map(({ loss }, place) => ({ loss, cost: most[at]! - saved[at]![place]! })),
  );
  const narrowest = Int32Array.from(options, (own) => Math.min(...own.map(({ width }) => width)));
  let best: { readonly counts: Int32Array; readonly loss: number } | undefined;
  let low = 0;
  let high = most.reduce((sum, share) => sum + share, 0);
  for (let search = 0; search < SEARCHES; search++) {
    // At first whether everything can stay.
    const budget = search === 0 ? high : (low + high) / 2;
    const found = allocateExactly(priced, budget);
    const counts = found && Int32Array.from(found.chosen, (place, at) => options[at]![place]!.width);
    const fits = shareAt(model, target, counts ?? narrowest) <= target.keep * (1 + 1e-9);
    if (!fits) {
      high = budget;
      continue;
    }
    if (found && counts && (best === undefined || found.loss < best.loss)) best = { counts, loss: found.loss };
    low = budget;
  }
  return best?.counts ?? narrowest;
}
