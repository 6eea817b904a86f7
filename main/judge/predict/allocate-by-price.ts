import { runningShare, shareAt, type RunningShare, type WidthTarget } from './allocate.ts';
import type { WidthOption } from './allocate-losses.ts';
import type { WidthModel } from './widths.ts';

/** How often the price is halved in on. */
const SEARCHES = 24;

/** Widths of each group with their losses, ascending in width, and what each saves when its group alone has it. */
export interface PricedOptions {
  readonly options: readonly (readonly WidthOption[])[];
  /** Of the whole measure. */
  readonly saved: readonly (readonly number[])[];
}

/** Works out what options save; the same for all targets of a measure. */
export function priceOptions(
  model: WidthModel,
  options: readonly (readonly WidthOption[])[],
  target: WidthTarget,
): PricedOptions {
  const full = model.groups.map(({ atoms }) => atoms);
  const running = runningShare(model, target, full);
  const saved = options.map((own, group) => {
    const shares = own.map(({ width }) => {
      running.set(group, width);
      return 1 - running.share();
    });
    running.set(group, full[group]!);
    return shares;
  });
  return { options, saved };
}

/**
 * Widths with a small sum of losses that meet the target, found in the frame of a slider's move: what a share of the measure
 * may cost in loss is one price for all groups, as low as the target allows, and each group takes the width that is cheapest
 * at it; then groups go back to the next width, what gains most first, as far as the target allows. Near the optimum of
 * `allocateByLosses`, which takes far longer.
 * @returns atoms that each group keeps; the narrowest widths where nothing meets the target
 * @see Everett 1963, generalized Lagrange multipliers; Shoham & Gersho 1988
 */
export function allocateByPrice(model: WidthModel, { options, saved }: PricedOptions, target: WidthTarget): Int32Array {
  const fits = (kept: ArrayLike<number>): boolean => shareAt(model, target, kept) <= target.keep * (1 + 1e-9);
  const widthsOf = (places: readonly number[]): Int32Array => Int32Array.from(options, (own, at) => own[places[at]!]!.width); // prettier-ignore
  let best = options.map(() => 0);
  if (!fits(widthsOf(best))) return widthsOf(best);
  // Prices as powers of two, in units of loss for the whole of the measure.
  let [low, high] = [-24, 24];
  for (let search = 0; search < SEARCHES; search++) {
    const middle = (low + high) / 2;
    const places = options.map((own, at) => cheapest(own, saved[at]!, 2 ** middle));
    if (fits(widthsOf(places))) [best, high] = [places, middle];
    else low = middle;
  }
  return grownBack(options, best, runningShare(model, target, widthsOf(best)), target.keep);
}

/** The width whose loss, less what it saves at this price, is least; of two the wider. */
function cheapest(options: readonly WidthOption[], saved: readonly number[], price: number): number {
  let [place, least] = [options.length - 1, Infinity];
  for (let at = options.length - 1; at >= 0; at--) {
    const cost = options[at]!.loss - price * saved[at]!;
    if (cost < least) [place, least] = [at, cost];
  }
  return place;
}

/** Groups go back to their next width, those whose loss falls most first, while the target is met. */
function grownBack(
  options: readonly (readonly WidthOption[])[],
  places: readonly number[],
  running: RunningShare,
  keep: number,
): Int32Array {
  const widths = Int32Array.from(options, (own, at) => own[places[at]!]!.width);
  const gains = options.map((own, at) => own[places[at]!]!.loss - (own[places[at]! + 1]?.loss ?? Infinity));
  const order = [...options.keys()].filter((at) => gains[at]! > 0).sort((a, b) => gains[b]! - gains[a]!);
  for (const at of order) {
    const wider = options[at]![places[at]! + 1]!.width;
    running.set(at, wider);
    if (running.share() <= keep * (1 + 1e-9)) widths[at] = wider;
    else running.set(at, widths[at]!);
  }
  return widths;
}
