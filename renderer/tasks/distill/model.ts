/** What the Distill task draws, from what a training tells. Pure. */
import type { DistillPreset } from '../../../main/contract/recipe/distill.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import type { Training } from '../../../main/contract/training.ts';

/** A point of the curves; what was not measured at the step is left out. */
export interface CurvePoint {
  readonly step: number;
  readonly train?: number;
  readonly heldOut?: number;
  /** Held-out loss of the run that is compared. */
  readonly other?: number;
}

/** Losses by step: of the steps of training, of what is held out, and of another run. */
export function lossCurve(training: Training, other: Training | null): readonly CurvePoint[] {
  const points = new Map<number, CurvePoint>();
  const put = (step: number, part: Omit<CurvePoint, 'step'>): void => {
    points.set(step, { ...points.get(step), step, ...part });
  };
  for (const { step, loss } of training.train) put(step, { train: loss });
  for (const { step, loss } of training.heldOut) put(step, { heldOut: loss });
  for (const { step, loss } of other?.heldOut ?? []) put(step, { other: loss });
  return [...points.values()].sort((a, b) => a.step - b.step);
}

/** A point of a share's curve with its 95 % interval. */
export interface SharePoint {
  readonly step: number;
  readonly value: number;
  readonly band: readonly [number, number];
}

/** The agreement with the teacher by step; [] where the outputs are no scores. */
export function agreementCurve({ heldOut }: Training): readonly SharePoint[] {
  return heldOut.flatMap(({ step, agreement }) =>
    agreement === null ? [] : [{ step, value: agreement.value, band: [agreement.low, agreement.high] as const }],
  );
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
