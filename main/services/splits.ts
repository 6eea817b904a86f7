import { WHOLE_SET, type MeasuredData, type Split, type SplitSettings } from '../contract/data.ts';
import type { DatasetEntry, Trial } from '../contract/studio.ts';
import type { TaskContext } from '../base/progress.ts';
import { datasetSource } from './datasets.ts';
import type { DatasetSource } from './operations/operation-map.ts';
import type { MeasureContext } from './studio-context.ts';

/** The parts of a run's data: one set for both is cut in two, two sets are used whole. */
export function partsOf(
  calibration: DatasetEntry | null,
  evaluation: DatasetEntry | null,
  { seed, share }: SplitSettings,
): { readonly calibration: Split; readonly evaluation: Split | null } {
  if (calibration === null || evaluation === null) return { calibration: WHOLE_SET, evaluation: null };
  if (calibration.path !== evaluation.path) return { calibration: WHOLE_SET, evaluation: WHOLE_SET };
  return { calibration: { part: 'calibration', seed, share }, evaluation: { part: 'evaluation', seed, share } };
}

/**
 * The part of a set that a trial is evaluated on where nobody says: what the trial's calibration left over, else what that
 * of the newest other trial of its model did, so that all are evaluated on the same samples; else the whole set.
 */
export async function evaluationSplit(
  { workspace }: Pick<MeasureContext, 'workspace'>,
  trial: Trial,
  data: DatasetEntry,
): Promise<Split> {
  const paths = new Map((await workspace.datasets()).map(({ id, path }) => [id, path]));
  const others = (await workspace.trials(trial.modelId)).toSorted((a, b) => b.createdAt - a.createdAt);
  for (const { calibration } of [trial, ...others]) {
    if (calibration === null || paths.get(calibration.datasetId) !== data.path) continue;
    const { part, seed, share } = calibration.split;
    if (part === 'calibration') return { part: 'evaluation', seed, share };
  }
  return WHOLE_SET;
}

/** How many samples of `data` also calibrated the trial, by their content. Nothing is read where that is plain. */
export async function sharedSamples(
  { workspace, work }: MeasureContext,
  { trial, data }: { readonly trial: Trial; readonly data: DatasetSource },
  task: TaskContext,
): Promise<number> {
  const { calibration } = trial;
  if (calibration === null) return 0;
  const entry = (await workspace.datasets()).find(({ id }) => id === calibration.datasetId);
  // The set left the workspace: there is nothing to compare with.
  if (entry === undefined || isOtherPart(calibration, entry, data)) return 0;
  const { shared } = await work.call(
    'overlap',
    {
      calibration: { ...datasetSource(entry), split: calibration.split },
      calibrationLimit: calibration.samples,
      evaluation: data,
    },
    task,
  );
  return shared;
}

/** Two parts of one set, cut alike, share nothing. */
function isOtherPart({ split }: MeasuredData, { path }: DatasetEntry, data: DatasetSource): boolean {
  const other = data.split ?? WHOLE_SET;
  return (
    path === data.path &&
    split.part === 'calibration' &&
    other.part === 'evaluation' &&
    split.seed === other.seed &&
    split.share === other.share
  );
}
