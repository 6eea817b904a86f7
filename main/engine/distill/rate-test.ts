/** What a trial step at a learning rate gave. */
export interface RatePoint {
  readonly rate: number;
  readonly loss: number;
}

/** Steps of the test, one for each factor of 1.27. */
export const RATE_STEPS = 40;
/** Batches that the test goes through again and again: some are harder than others, so each is held against itself at the lowest rates. */
export const RATE_BATCHES = 4;
const LOWEST = 1e-6;
/**
 * Not higher: a model that answers at random loses nothing more at any rate, and a loss that sank to that of a constant answer looks harmless.
 * (80 % of the weights of the sample CNN set to zero: up to 0.1 the test chose 0.04, and nothing was learnt.)
 */
const HIGHEST = 0.01;
/** How far above the least loss the run is given up. */
const GIVEN_UP = 4;
/** Weight of what was met before, in the smoothed loss. */
const SMOOTHING = 0.6;

/** How a rate is chosen. */
export interface RateRule {
  /** What is taken of the largest rate that does no harm. */
  readonly share: number;
  /** Above this many times the least smoothed loss, in units of its batch's first, a rate does harm. */
  readonly harm: number;
}

/** The learning rate of each step of the test, from the lowest to the highest, equally spaced by their ratio. */
export function testRate(step: number): number {
  return LOWEST * (HIGHEST / LOWEST) ** (step / (RATE_STEPS - 1));
}

/** Whether higher rates need not be tried any more: the loss is far above what it was on the same batch, or no number. */
export function isOver(points: readonly RatePoint[]): boolean {
  const changes = changesOf(points);
  const last = changes.at(-1) ?? 1;
  return !Number.isFinite(last) || last > GIVEN_UP * Math.min(...changes);
}

/** Each loss in units of the first on the same batch. */
function changesOf(points: readonly RatePoint[]): readonly number[] {
  return points.map(({ loss }, at) => {
    const first = points[at % RATE_BATCHES]!.loss;
    return first === 0 && loss === 0 ? 1 : loss / first;
  });
}

/**
 * The learning rate to train with: a share of the largest at which the smoothed loss is not yet far above its least. A model near its
 * teacher gains little at any rate in so few steps; the rate falls later on, and what it must not do is harm.
 * @param points of batches in turn, `RATE_BATCHES` of them
 * @returns undefined where no step gave a finite loss
 * @see Smith 2017 (cyclical learning rates), 3.3
 */
export function chooseRate(points: readonly RatePoint[], { share, harm }: RateRule): number | undefined {
  let smoothed = NaN;
  let least = Infinity;
  let highest: number | undefined;
  for (const [at, change] of changesOf(points).entries()) {
    if (!Number.isFinite(change)) break;
    smoothed = Number.isNaN(smoothed) ? change : SMOOTHING * smoothed + (1 - SMOOTHING) * change;
    least = Math.min(least, smoothed);
    if (smoothed > harm * least) break;
    highest = points[at]!.rate;
  }
  return highest === undefined ? undefined : highest * share;
}
