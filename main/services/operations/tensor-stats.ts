import type { TensorStats } from '../../contract/results.ts';
import type { Tensor } from '../../engine/graph/ir.ts';
import { tensorPieces, tensorStrings } from '../../engine/graph/tensor-data.ts';
import { summarizePieces } from '../../engine/tensor/summarize.ts';
import { openShared } from './opened-models.ts';
import { findWeight } from './read-tensor.ts';

const BINS = 64;
const PREVIEW = 256;

/**
 * Statistics of one weight, read in pieces: a tensor larger than memory works too.
 * @throws NOT_FOUND; EXTERNAL_DATA_* when its bytes are not there
 */
export async function tensor({ path, tensor: name }: { path: string; tensor: string }): Promise<TensorStats> {
  const { model } = await openShared(path);
  const found = findWeight(model, name);
  const { dtype, dims } = found;
  const shape = [...dims];
  if (dtype === 'string') {
    const strings = tensorStrings(found);
    const none = { min: null, max: null, mean: null, std: null, zeros: 0, nan: 0, infinite: 0, histogram: null };
    return { name, dtype, shape, elements: strings.length, ...none, preview: strings.slice(0, PREVIEW) };
  }
  const summary = summarizePieces(() => tensorPieces(found), { bins: BINS });
  return { name, dtype, shape, ...summary, preview: previewOf(found) };
}

function previewOf(found: Tensor): number[] {
  for (const piece of tensorPieces(found, PREVIEW)) return Array.from(piece.subarray(0, PREVIEW), Number);
  return [];
}
