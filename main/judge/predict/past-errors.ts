/** How far predictions of cut channels were off so far: what was said of each trial before it was measured. Pure. */
import type { Trial } from '../../contract/studio.ts';
import { circumstancesKey, measurementUnder, mostShared } from '../circumstances.ts';
import { goodnessOn, groundOf } from './metric.ts';
import { predictTrial, pruneStepOf, type PredictionInputs } from './trial.ts';

/** Mean distance between what was predicted and what was measured then. */
export interface PastError {
  /** Trials of which something was predicted. */
  readonly trials: number;
  /** Of an accuracy its difference, 0…1; of a latency the share of what was measured. */
  readonly mean: number;
}

/** null: nothing was predicted yet that was then measured. */
export interface PastErrors {
  readonly goodness: PastError | null;
  readonly latency: PastError | null;
}

/** The newest so many trials are looked at. */
const MOST_TRIALS = 30;

/**
 * Predicts each measured cut of channels again from the trials that were there before it, and compares. Times of widths are
 * taken as they are known now.
 */
export function pastErrors(inputs: PredictionInputs): PastErrors {
  const cuts = inputs.trials
    .filter((trial) => trial.status === 'done' && pruneStepOf(trial.recipe)?.structure === 'channel')
    .sort((a, b) => a.createdAt - b.createdAt)
    .slice(-MOST_TRIALS);
  const goodness: number[] = [];
  const latency: number[] = [];
  for (const trial of cuts) {
    const before = inputs.trials.filter((other) => other.baseline || other.createdAt < trial.createdAt);
    const told = predictTrial(trial.recipe, { ...inputs, trials: before });
    const measured = measuredGoodness(before, trial);
    if (told.goodness !== null && measured !== null) goodness.push(Math.abs(told.goodness.value - measured));
    const ratio = measuredMs(inputs.trials, trial);
    if (told.latencyMs !== null && ratio !== null) latency.push(Math.abs(told.latencyMs.value / ratio - 1));
  }
  return { goodness: meanOf(goodness), latency: meanOf(latency) };
}

/** On the ground that the prediction was about. */
function measuredGoodness(before: readonly Trial[], trial: Trial): number | null {
  const ground = groundOf(before);
  return ground === null ? null : (goodnessOn(ground, trial)?.value ?? null);
}

/** Against the baseline's present time: the two were timed in turns. */
function measuredMs(trials: readonly Trial[], trial: Trial): number | null {
  const key = mostShared(trials, 'latency')?.key;
  const baseline = trials.find((other) => other.baseline);
  if (key === undefined || baseline === undefined) return null;
  const whole = measurementUnder(baseline.measurements, 'latency', key);
  const pair = trial.pairs.find(
    (own) => own.metric === 'latency' && own.referenceId === baseline.id && circumstancesKey(own) === key,
  );
  return whole === undefined || pair === undefined ? null : pair.value * whole.value;
}

function meanOf(errors: readonly number[]): PastError | null {
  if (errors.length === 0) return null;
  return { trials: errors.length, mean: errors.reduce((sum, error) => sum + error, 0) / errors.length };
}
