import type { DistillResult } from '../contract/results.ts';
import type { Training } from '../contract/training.ts';
import { formatBytes, formatPercent } from '../judge/format.ts';

/** What a distillation did, for people. */
export function distillLines({ training, notes }: DistillResult): readonly string[] {
  const told = notes.map((note) => `  note        ${note}`);
  const { heldOut, best, samples, step, estimate, memoryBytes } = training;
  const [before] = heldOut;
  const after = heldOut.find((point) => point.step === best);
  if (before === undefined || after === undefined) return told;
  const agreement =
    before.agreement === null || after.agreement === null
      ? ''
      : `, agreement ${formatPercent(before.agreement.value)} → ${formatPercent(after.agreement.value)}`;
  const loss = `${before.loss.toPrecision(3)} → ${after.loss.toPrecision(3)}`;
  return [
    `  distilled   ${step} steps on ${samples.trained} samples; loss ${loss}${agreement} on ${samples.heldOut} held out`,
    ...(estimate === null ? [] : [`  memory      ${memoryWords(estimate, memoryBytes)}`]),
    ...told,
  ];
}

function memoryWords({ stepBytes, segments }: NonNullable<Training['estimate']>, peak: number | null): string {
  const again = segments === 1 ? '' : `, the forward pass in ${segments} segments, computed twice`;
  const all = peak === null ? '' : `; the process took ${formatBytes(peak)} at most`;
  return `a step was estimated at ${formatBytes(stepBytes)}${again}${all}`;
}
