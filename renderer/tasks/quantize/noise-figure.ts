/** The outputs' signal to noise as a figure: predicted at once, then measured. Pure. */
import type { Recipe } from '../../../main/contract/recipe/recipe.ts';
import { lastStepOf } from '../../../main/contract/recipe/kinds.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import { measurementUnder, mostShared } from '../../../main/judge/circumstances.ts';
import { formatDb } from '../../../main/judge/format.ts';
import { predictNoise, type NoiseInputs } from '../../../main/judge/predict/noise.ts';

export interface NoiseFigure {
  /** null: not known, as `missing` says. */
  readonly sqnrDb: number | null;
  readonly measured: boolean;
  /** Of a measured one: what had been predicted of it from the trials before. */
  readonly predictedDb: number | null;
  /** Trials that corrected the prediction. */
  readonly corrected: number;
  readonly missing: string;
}

/** null: nothing is quantized. */
export function noiseFigure(
  { recipe, measured }: { readonly recipe: Recipe; readonly measured: Trial | null },
  inputs: NoiseInputs,
): NoiseFigure | null {
  if (lastStepOf(recipe, 'quantize') === undefined) return null;
  const key = mostShared(inputs.trials, 'sqnr')?.key;
  const found =
    key === undefined || measured === null ? undefined : measurementUnder(measured.measurements, 'sqnr', key);
  const trials = inputs.trials.filter(({ createdAt }) => measured === null || createdAt < measured.createdAt);
  const told = predictNoise(measured?.recipe ?? recipe, { ...inputs, trials });
  const predicted = typeof told === 'string' ? null : told;
  return {
    sqnrDb: found?.value ?? predicted?.sqnrDb ?? null,
    measured: found !== undefined,
    predictedDb: predicted?.sqnrDb ?? null,
    corrected: predicted?.corrected ?? 0,
    missing: told === 'measure' ? 'measure Schemes below' : 'run to see',
  };
}

/** Where the number comes from, and how far such ones were off. */
export function noiseNote(
  { sqnrDb, measured, predictedDb, corrected }: NoiseFigure,
  past: { readonly trials: number; readonly meanDb: number } | null,
): string {
  if (sqnrDb === null) return '';
  if (measured) return predictedDb === null ? 'measured' : `predicted ${formatDb(predictedDb)}`;
  const from = corrected === 0 ? 'layers alone' : `corrected by ${countOf(corrected)}`;
  return past === null ? from : `${from}; off by ${formatDb(past.meanDb)} so far (${countOf(past.trials)})`;
}

const countOf = (count: number): string => `${count} ${count === 1 ? 'trial' : 'trials'}`;
