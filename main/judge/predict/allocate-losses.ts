import { shareAt, type WidthTarget } from './allocate.ts';
import { allocateExactly } from './allocate-exactly.ts';
import type { WidthModel } from './widths.ts';

/** A width of a group, and what the model loses where this group alone has it. */
export interface WidthOption {
  readonly width: number;
  /** ≥ 0; of the full width 0. */
  readonly loss: number;
}

/** What something loses, and which share of the target's measure it saves, when the model has it alone. */
export interface SavingOption {
  /** ≥ 0 */
  readonly loss: number;
  readonly saved: number;
}

/** How often the budget is halved in on. */
const SEARCHES = 24;

/**
 * The widths with the least sum of losses that meet the target.
 * @param options of each group
 * @returns atoms that each group keeps; the narrowest widths where nothing meets the target
 */
export function allocateByLosses(
  model: WidthModel,
  options: readonly (readonly WidthOption[])[],
  target: WidthTarget,
): Int32Array {
  const widthsAt = (places: readonly number[]): Int32Array =>
    Int32Array.from(places, (place, at) => options[at]![place]!.width);
  const found = allocateSavings(
    widthSavings(model, options, target),
    (places) => shareAt(model, target, widthsAt(places)),
    target.keep,
  );
  return found === undefined
    ? Int32Array.from(options, (own) => Math.min(...own.map(({ width }) => width)))
    : widthsAt(found);
}

/** What each width of a group saves alone. */
export function widthSavings(
  model: WidthModel,
  options: readonly (readonly WidthOption[])[],
  target: WidthTarget,
): readonly (readonly SavingOption[])[] {
  const full = model.groups.map(({ atoms }) => atoms);
  return options.map((own, at) =>
    own.map(({ width, loss }) => ({ loss, saved: 1 - shareAt(model, target, full.with(at, width)) })),
  );
}

/**
 * The options with the least sum of losses, one of each list, with which the target is met. What options save does not quite
 * add up (a layer between two groups shrinks with both), so the budget of the sum is searched with which the whole comes
 * nearest to the target.
 * @param shareOf what is left of the measure with these options, by their places
 * @returns places; undefined where nothing meets the target
 */
export function allocateSavings(
  options: readonly (readonly SavingOption[])[],
  shareOf: (places: readonly number[]) => number,
  keep: number,
): readonly number[] | undefined {
  const most = options.map((own) => Math.max(...own.map(({ saved }) => saved)));
  const priced = options.map((own, at) => own.map(({ loss, saved }) => ({ loss, cost: most[at]! - saved })));
  let best: { readonly chosen: readonly number[]; readonly loss: number } | undefined;
  let low = 0;
  let high = most.reduce((sum, share) => sum + share, 0);
  for (let search = 0; search < SEARCHES; search++) {
    // At first whether everything can stay.
    const budget = search === 0 ? high : (low + high) / 2;
    const found = allocateExactly(priced, budget);
    const fits = found === undefined || shareOf(found.chosen) <= keep * (1 + 1e-9);
    if (!fits) {
      high = budget;
      continue;
    }
    if (found !== undefined && (best === undefined || found.loss < best.loss)) best = found;
    low = budget;
  }
  return best?.chosen;
}
