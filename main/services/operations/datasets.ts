import { openDataset } from '../../engine/dataset/open-dataset.ts';
import type { Dataset } from '../../engine/dataset/dataset.ts';
import type { DatasetSource, OperationResult } from './operation-map.ts';

/** Opens data as its source says. @throws what `openDataset` throws */
export function openSource({ path, labelsPath, preprocessing }: DatasetSource): Promise<Dataset> {
  return openDataset(path, { labelsPath, preprocessing });
}

/** What is in a data set. */
export async function dataset(source: DatasetSource): Promise<OperationResult<'dataset'>> {
  const { kind, name, samples, labelled, classes, fingerprint } = await openSource(source);
  return { kind, name, samples, labelled, classCount: classes.length, fingerprint };
}
