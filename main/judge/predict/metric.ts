import type { Trial } from '../../contract/studio.ts';
import { measurementUnder, mostShared } from '../circumstances.ts';
import { metricOf } from '../metrics.ts';

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
  top1: metricOf('top1').title,
  agreement: metricOf('agreement').title,
  cosine: metricOf('cosine').title,
};

/** What guessing would give: 1 / classes; 0 where no trial knows the classes. */
export function chanceOf(trials: readonly Pick<Trial, 'evaluation'>[]): number {
  const classes = Math.max(0, ...trials.map(({ evaluation }) => evaluation?.classCount ?? 0));
  return classes > 1 ? 1 / classes : 0;
}

/** The common ground of goodness: a metric, and the key of the circumstances that most trials share in it. */
export interface Ground {
  readonly metric: Goodness['metric'];
  readonly key: string;
}

/** Where most trials can be compared: by top-1 where any has it, else agreement, else cosine; null: nothing was measured. */
export function groundOf(trials: readonly Pick<Trial, 'measurements'>[]): Ground | null {
  for (const metric of ['top1', 'agreement', 'cosine'] as const) {
    const shared = mostShared(trials, metric);
    if (shared !== undefined) return { metric, key: shared.key };
  }
  return null;
}

/** A trial's goodness on common ground; null where it was not measured there. */
export function goodnessOn({ metric, key }: Ground, trial: Pick<Trial, 'measurements'>): Goodness | null {
  const found = measurementUnder(trial.measurements, metric, key);
  if (found === undefined) return null;
  const { value, low, high, samples } = found;
  return { metric, value, low: low ?? value, high: high ?? value, samples };
}

/** A trial's goodness where most of these trials can be compared; null: not measured there. */
export function goodnessAmong(
  trials: readonly Pick<Trial, 'measurements'>[],
  trial: Pick<Trial, 'measurements'> | null | undefined,
): Goodness | null {
  const ground = groundOf(trials);
  return ground === null || !trial ? null : goodnessOn(ground, trial);
}

/** The data set of the newest evaluation of a trial, alone or beside another; null: of none, or version 0.1 measured it. */
export function evaluatedOn({ measurements }: Pick<Trial, 'measurements'>): string | null {
  const newest = measurements.filter(({ recorded, data }) => recorded && data !== null).sort((a, b) => b.at - a.at)[0];
  return newest?.data?.datasetId ?? null;
}
