import type { Dataset } from './dataset.ts';

/** Some samples of a data set. */
export interface SomeSamples {
  readonly dataset: Dataset;
  /** Ascending; null: all. */
  readonly indices: Uint32Array | null;
}

/**
 * How many samples of `evaluation` are also in `calibration`, by the content of the files, before any preprocessing. Reads
 * all samples of the smaller size classes: what differs in bytes differs in content.
 * @throws DATA_INVALID for damaged files, CANCELLED
 */
export async function countOverlap(
  calibration: SomeSamples,
  evaluation: SomeSamples,
  signal?: AbortSignal,
): Promise<number> {
  const known = new Set(await calibration.dataset.contents({ indices: calibration.indices, signal }));
  const sizes = new Set([...known].map((content) => content.bytes));
  const hashes = new Set([...known].map((content) => content.hash));
  const seen = await evaluation.dataset.contents({ indices: evaluation.indices, sizes, signal });
  return seen.filter(({ hash }) => hash !== '' && hashes.has(hash)).length;
}
