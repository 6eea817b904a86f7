import { runningShare, shareAt, type RunningShare, type WidthTarget } from './allocate.ts';
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
  const saved = savedAlone(model, options, target);
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

/** Of the whole measure, what each option saves when its group alone has that width. */
function savedAlone(
  model: WidthModel,
  options: readonly (readonly WidthOption[])[],
  target: WidthTarget,
): readonly (readonly number[])[] {
  const full = model.groups.map(({ atoms }) => atoms);
  const running = runningShare(model, target, full);
  return options.map((own, group) => {
    const saved = own.map(({ width }) => {
      running.set(group, width);
      return 1 - running.share();
    });
    running.set(group, full[group]!);
    return saved;
  });
}

/** One width at a time goes back to the next, that whose loss falls most, while the target is met. */
function grownBack(
  options: readonly (readonly WidthOption[])[],
  places: number[],
  running: RunningShare,
  keep: number,
): Int32Array {
  const gainAt = (at: number): number => {
    const [now, next] = [options[at]![places[at]!]!, options[at]![places[at]! + 1]];
    return next === undefined ? 0 : now.loss - next.loss;
  };
  const open = new Map(options.map((_, at) => [at, gainAt(at)]));
  while (open.size > 0) {
    let [at, most] = [-1, 0];
    for (const [group, gain] of open) if (gain > most) [at, most] = [group, gain];
    if (at < 0) break;
    running.set(at, options[at]![places[at]! + 1]!.width);
    if (running.share() <= keep * (1 + 1e-9)) {
      places[at]!++;
      open.set(at, gainAt(at));
    } else {
      running.set(at, options[at]![places[at]!]!.width);
      open.delete(at);
    }
  }
  return Int32Array.from(options, (own, at) => own[places[at]!]!.width);
}
