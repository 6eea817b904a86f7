import type { TaskContext } from '../../../base/progress.ts';
import type { WidthOption } from '../../../judge/predict/allocate-losses.ts';
import type { WholeLoss } from './whole-loss.ts';
import type { MeasuredWidths } from './measured-widths.ts';

/** Widths that were chosen for a target. */
export interface Placed {
  /** Atoms that each group keeps. */
  readonly counts: Int32Array;
  /** Whether the target is met. */
  readonly meets: boolean;
}

/** An allocation that was cut, repaired and measured. */
interface Finalist<Place extends Placed> {
  readonly place: Place;
  /** At the model's output. */
  readonly loss: number;
  /** What groups that one layer takes, and those that several take, lose alone, added up. */
  readonly sums: LossWeights;
}

/** How much losses of groups count: of those that one layer takes, and of those that several take. */
export interface LossWeights {
  readonly own: number;
  readonly shared: number;
}

/** Losses of a few hundred samples that differ by less do not tell allocations apart: the earlier proposal stays. */
const CLEARLY = 0.95;

/** Corrections after the first allocations. */
const ROUNDS = 2;

/** Cuts that are measured at once: one is solved here while the runtime sums up for the other. */
const AT_ONCE = 2;

/**
 * The best of a few allocations. What groups lose alone does not add up to what they lose together, so the sum only proposes:
 * by the losses as they were measured, with groups that several layers take left whole, and by the squares of losses, to which
 * large ones count more. Each is cut, repaired and measured as a whole; from that follows how much the losses of both kinds of
 * groups count, and allocations by the corrected sum are measured too.
 * @param place the widths for a target where groups lose so much
 * @returns with what it loses; the first allocation, and nothing measured, where none meets the target
 * @see Frantar & Alistarh 2022 (SPDY), for allocations that are proposed by a sum and chosen by measuring
 */
export async function bestAllocation<Place extends Placed>(
  { options, shared, whole }: Pick<MeasuredWidths, 'options' | 'shared' | 'whole'>,
  place: (options: readonly (readonly WidthOption[])[]) => Promise<Place>,
  context: TaskContext,
): Promise<{ readonly place: Place; readonly loss: number | undefined; readonly notes: readonly string[] }> {
  const finalists: Finalist<Place>[] = [];
  const most = whole.quick ? 3 + ROUNDS : 2;
  const proposals: Place[] = [];
  const propose = async (change: (loss: number, group: number) => number): Promise<Place> => {
    // A width that is given stays, whatever it loses.
    const changed = options.map((own, group) =>
      own.length === 1
        ? own
        : own
            .map(({ width, loss }) => ({ width, loss: loss === 0 ? 0 : change(loss, group) }))
            .filter(({ loss }) => loss !== Infinity),
    );
    const placed = await place(changed);
    const isNew = proposals.every((one) => one.counts.some((count, at) => count !== placed.counts[at]));
    if (placed.meets && isNew) proposals.push(placed);
    return placed;
  };
  // Widths are placed before anything is measured: where they are timed, nothing else may run.
  const measure = async (): Promise<void> => {
    while (finalists.length < proposals.length) {
      context.progress({ stage: 'Measuring cuts', done: finalists.length, total: most });
      const next = proposals.slice(finalists.length, finalists.length + (whole.quick ? AT_ONCE : 1));
      const losses = await allOf(next.map(({ counts }) => whole.of(counts)));
      next.forEach((proposed, at) =>
        finalists.push({ place: proposed, loss: losses[at]!, sums: sumsOf(options, shared, proposed.counts) }),
      );
    }
  };
  const first = await propose((loss) => loss);
  await propose((loss, group) => (shared[group] === true ? Infinity : loss));
  if (whole.quick) await propose((loss) => loss * loss);
  await measure();
  if (whole.quick) {
    for (let round = 0; round < ROUNDS; round++) {
      const known = finalists.length;
      const weights = fitWeights(finalists);
      await propose((loss, group) => loss * (shared[group] === true ? weights.shared : weights.own));
      await measure();
      if (finalists.length === known) break;
    }
  }
  if (finalists.length === 0) return { place: first, loss: undefined, notes: [] };
  const best = finalists.reduce((a, b) => (b.loss < CLEARLY * a.loss ? b : a));
  return { place: best.place, loss: best.loss, notes: [told(finalists, best, whole)] };
}

/** What all of them give; where one fails, its error, once none is at work any more. */
async function allOf<Result>(work: readonly Promise<Result>[]): Promise<readonly Result[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function sumsOf(
  options: MeasuredWidths['options'],
  shared: readonly boolean[],
  counts: ArrayLike<number>,
): LossWeights {
  let [own, several] = [0, 0];
  options.forEach((widths, group) => {
    const loss = widths.find(({ width }) => width === counts[group])?.loss ?? 0;
    if (shared[group] === true) several += loss;
    else own += loss;
  });
  return { own, shared: several };
}

/** Neither kind of groups counts more than this many times the other. */
const MOST_APART = 16;

/**
 * The weights ≥ 0 with which the sums of losses come nearest to what was measured of whole cuts, by least squares.
 * @param measured some cuts: the sums of both kinds, and the loss of the whole
 * @returns weights of mean 1 or so; equal ones where they cannot be told apart
 */
export function fitWeights(measured: readonly { readonly sums: LossWeights; readonly loss: number }[]): LossWeights {
  let [oo, os, ss, oy, sy] = [0, 0, 0, 0, 0];
  for (const { sums, loss } of measured) {
    if (!Number.isFinite(loss)) continue;
    oo += sums.own * sums.own;
    os += sums.own * sums.shared;
    ss += sums.shared * sums.shared;
    oy += sums.own * loss;
    sy += sums.shared * loss;
  }
  const determinant = oo * ss - os * os;
  if (determinant <= 1e-9 * oo * ss) return { own: 1, shared: 1 };
  const own = Math.max(0, (oy * ss - sy * os) / determinant);
  const shared = Math.max(0, (sy * oo - oy * os) / determinant);
  const ratio = Math.min(MOST_APART, Math.max(1 / MOST_APART, own === 0 ? MOST_APART : shared / own));
  return { own: 2 / (1 + ratio), shared: (2 * ratio) / (1 + ratio) };
}

function told<Place extends Placed>(
  finalists: readonly Finalist<Place>[],
  best: Finalist<Place>,
  { fitted, compared, measure }: WholeLoss,
): string {
  const number = (loss: number): string => (Number.isFinite(loss) ? loss.toPrecision(3) : 'no number');
  const losses = finalists.map(({ loss }) => number(loss)).join(', ');
  const unit = measure === 'divergence' ? ' nats from the whole model' : ' of the outputs’ square off';
  const sum = number(best.sums.own + best.sums.shared);
  const how = `repaired on ${fitted} samples and compared on ${compared === 0 ? 'the same' : `${compared} others`}`;
  const which = finalists.length === 1 ? 'One allocation was cut,' : `${finalists.length} allocations were cut, each`;
  const taken = finalists.length === 1 ? '' : `${number(best.loss)} was taken; `;
  return `${which} ${how}: ${losses}${unit}; ${taken}its groups alone add up to ${sum}.`;
}
