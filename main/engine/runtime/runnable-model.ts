import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '../graph/ir.ts';
import { saveModel } from '../onnx/save.ts';
import { sourceOfModel } from './model-source.ts';
import { memoryBytes, PROTOBUF_LIMIT, type ModelSource } from './settings.ts';

/**
 * A model in memory as the runner loads it, of any size: what passes protobuf's 2 GiB is written into a temporary folder,
 * its weights beside it, and removed afterwards.
 * @throws what `saveModel` and `work` throw; CANCELLED
 */
export async function withRunnable<T>(
  model: Model,
  work: (source: ModelSource) => Promise<T>,
  { signal, limit = PROTOBUF_LIMIT }: { readonly signal: AbortSignal; readonly limit?: number },
): Promise<T> {
  const source = sourceOfModel(model);
  if (memoryBytes(source) <= limit) return work(source);
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-large-'));
  try {
    const { path } = await saveModel(model, join(folder, 'model.onnx'), { signal });
    return await work({ path });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
