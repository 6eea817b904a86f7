/** What the Distill task draws, from what a training tells. Pure. */
import type { DistillPreset } from '../../../main/contract/recipe/distill.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import type { Training } from '../../../main/contract/training.ts';

/** The held-out agreement with the teacher by step, with its 95 % interval; [] where the outputs are no scores. */
export function agreementCurve({ heldOut }: Training): readonly {
  readonly step: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}[] {
  return heldOut.flatMap(({ step, agreement }) => (agreement === null ? [] : [{ step, ...agreement }]));
}

/** The state that is kept, and the one before any training. */
export function standings({ heldOut, best }: Training): {
  readonly before: Training['heldOut'][number] | undefined;
  readonly kept: Training['heldOut'][number] | undefined;
} {
  return { before: heldOut[0], kept: heldOut.find(({ step }) => step === best) };
}

/** Milliseconds that a training still takes at its pace; null while that is unknown, and once it has ended. */
export function remainingMs(training: Training, batch: number): number | null {
  const { status, samplesPerSecond, step, steps } = training;
  if (status !== 'training' || samplesPerSecond === null || samplesPerSecond <= 0) return null;
  return (1000 * (steps - step) * batch) / samplesPerSecond;
}

/** Trials that were trained, the newest first. */
export function trainedTrials(trials: readonly Trial[]): readonly Trial[] {
  return trials
    .filter(({ recipe }) => recipe.steps.some((step) => 'distill' in step && step.off !== true))
    .toSorted((a, b) => b.createdAt - a.createdAt);
}

/** The preset that suits the steps before a distill step. */
export function suggestedPreset(kinds: readonly string[]): DistillPreset {
  return kinds.includes('quantize') ? 'quantized' : 'pruned-cnn';
}
