import { entryPath } from '../../base/process-entry.ts';
import type { FeedSource } from '../runtime/feeder.ts';
import type { BatchOptions, Dataset, DatasetOptions, InputSpec } from './dataset.ts';

/** What the feeder thread is told: how to open the data set again, and what to read of it. */
export interface FeederData {
  readonly path: string;
  readonly options: DatasetOptions;
  /** Of the set as it was opened: what was checked and labelled must be what is fed. */
  readonly fingerprint: string;
  readonly inputs: readonly InputSpec[];
  readonly batchSize: number;
  readonly reading: Omit<BatchOptions, 'signal' | 'floats'>;
}

/**
 * The batches of `dataset.batches(inputs, batchSize, reading)`, made in the runner's process: give it to `runner.openFeed`.
 */
export function feedSource(
  dataset: Dataset,
  inputs: readonly InputSpec[],
  { batchSize, ...reading }: FeederData['reading'] & { readonly batchSize: number },
): FeedSource {
  const { path, options, fingerprint } = dataset;
  const data: FeederData = { path, options, fingerprint, inputs, batchSize, reading };
  return { entry: entryPath(import.meta.url, './feeder-entry.ts', 'feeder.js'), data };
}
