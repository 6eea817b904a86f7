import { shareAt, type WidthTarget } from './allocate.ts';
import type { WidthOption } from './allocate-losses.ts';
import type { WidthModel } from './widths.ts';

/** How often the price is halved in on. */
const SEARCHES = 40;

/**
 * Widths with a small sum of losses that meet the target, found in the frame of a slider's move: what a share of the measure
 * may cost in loss is one price for all groups, as low as the target allows, and each group takes the width that is cheapest
 * at it; then widths grow back, what gains most first, as far as the target allows. Near the optimum of `allocateByLosses`,
 * which takes far longer.
 * @param options of each group, ascending in width
 * @returns atoms that each group keeps; the narrowest widths where nothing meets the target
 * @see Everett 1963, generalized Lagrange multipliers; Shoham & Gersho 1988
 */
export function allocateByPrice(
  model: WidthModel,
  options: readonly (readonly WidthOption[])[],
  target: WidthTarget,
): Int32Array {
  const full = model.groups.map(({ atoms }) => atoms);
  const saved = options.map((own, at) => own.map(({ width }) => 1 - shareAt(model, target, full.with(at, width))));
  const fits = (kept: ArrayLike<number>): boolean => shareAt(model, target, kept) <= target.keep * (1 + 1e-9);
  const placesAt = (price: number): readonly number[] => options.map((own, at) => cheapest(own, saved[at]!, price));
  const widthsOf = (places: readonly number[]): Int32Array => Int32Array.from(options, (own, at) => own[places[at]!]!.width); // prettier-ignore
  let best = options.map(() => 0);
  if (!fits(widthsOf(best))) return widthsOf(best);
  // Prices as powers of two, in nats for the whole of the measure.
  let [low, high] = [-40, 40];
  for (let search = 0; search < SEARCHES; search++) {
    const middle = (low + high) / 2;
    const places = [...placesAt(2 ** middle)];
    if (fits(widthsOf(places))) [best, high] = [places, middle];
    else low = middle;
  }
  return widthsOf(grownBack(best, options, (places) => fits(widthsOf(places))));
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

/** One width at a time goes back to the next, that whose loss falls most, while the target is met. */
function grownBack(
  places: number[],
  options: readonly (readonly WidthOption[])[],
  fits: (places: readonly number[]) => boolean,
): readonly number[] {
  const gain = (at: number): number => {
    const [now, next] = [options[at]![places[at]!]!, options[at]![places[at]! + 1]];
    return next === undefined ? 0 : now.loss - next.loss;
  };
  const open = new Set(options.keys());
  while (open.size > 0) {
    const at = [...open].reduce((most, other) => (gain(other) > gain(most) ? other : most));
    const wider = places.with(at, places[at]! + 1);
    if (gain(at) > 0 && fits(wider)) places = wider;
    else open.delete(at);
  }
  return places;
}
