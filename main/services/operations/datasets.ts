import { WHOLE_SET, type MeasuredData, type Split } from '../../contract/data.ts';
import type { TaskContext } from '../../base/progress.ts';
import { openDataset } from '../../engine/dataset/open-dataset.ts';
import type { Dataset } from '../../engine/dataset/dataset.ts';
import { countOverlap } from '../../engine/dataset/overlap.ts';
import { splitIndices } from '../../engine/dataset/split.ts';
import type { DatasetSource, OperationParams, OperationResult } from './operation-map.ts';

/** Opens data as its source says; which part of it is used is up to the caller. @throws what `openDataset` throws */
export function openSource({ path, labelsPath, preprocessing }: DatasetSource): Promise<Dataset> {
  return openDataset(path, { labelsPath, preprocessing });
}

/** What a number measured on this data is about; the data's path stands for its id, which only a workspace knows. */
export function measuredData(dataset: Dataset, split: Split, samples: number): MeasuredData {
  const { path, fingerprint, name, preprocessing } = dataset;
  return { datasetId: path, fingerprint, name, split, preprocessing, samples };
}

/** What is in a data set. */
export async function dataset(source: DatasetSource): Promise<OperationResult<'dataset'>> {
  const { kind, name, samples, labelled, classes, fingerprint } = await openSource(source);
  return { kind, name, samples, labelled, classCount: classes.length, fingerprint };
}

/** Samples that two sets share, see `countOverlap`. */
export async function overlap(
  { calibration, calibrationLimit, evaluation }: OperationParams<'overlap'>,
  { signal }: TaskContext,
): Promise<OperationResult<'overlap'>> {
  const some = async (source: DatasetSource, limit: number | null) => {
    const opened = await openSource(source);
    return { dataset: opened, indices: splitIndices(opened, source.split ?? WHOLE_SET, limit) };
  };
  const shared = await countOverlap(await some(calibration, calibrationLimit), await some(evaluation, null), signal);
  return { shared };
}
