import type { EvaluationFigures, EvaluationSummary } from '../../contract/results.ts';
import type { Trial } from '../../contract/studio.ts';

/**
 * How good a model is, in one number: top-1 where there are labels; else agreement with the baseline; where the outputs
 * are no class scores, their cosine with the baseline's.
 */
export interface Goodness {
  readonly metric: 'top1' | 'agreement' | 'cosine';
  /** 0…1, with a 95 % interval. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** Their names as people read them. */
export const GOODNESS_TITLES: Readonly<Record<Goodness['metric'], string>> = {
  top1: 'Top-1 accuracy',
  agreement: 'Agreement with the baseline',
  cosine: 'Cosine with the baseline',
};

/** The one number of an evaluation; null when it has neither labels nor a reference. */
export function goodnessOf(evaluation: EvaluationFigures | null): Goodness | null {
  if (evaluation === null) return null;
  const top1 = evaluation.metrics['top1'];
  if (top1) return { metric: 'top1', ...top1, samples: evaluation.samples };
  if (evaluation.agreement) return { metric: 'agreement', ...evaluation.agreement, samples: evaluation.samples };
  const { cosine } = evaluation;
  if (cosine === null) return null;
  return { metric: 'cosine', value: cosine, low: cosine, high: cosine, samples: evaluation.samples };
}

/** What guessing would give: 1 / classes; 0 where the classes are not known. */
export function chanceOf(evaluation: EvaluationSummary | null): number {
  const classes = evaluation?.classCount ?? 0;
  return classes > 1 ? 1 / classes : 0;
}

/** The data set that a trial was last evaluated on; null when it never was. Numbers of different data do not compare. */
export function evaluatedOn(trial: Trial): string | null {
  if (trial.evaluation === null) return null;
  let last: Trial['measurements'][number] | undefined;
  for (const measurement of trial.measurements) {
    if (measurement.datasetId !== null && (last === undefined || measurement.at >= last.at)) last = measurement;
  }
  return last?.datasetId ?? null;
}
