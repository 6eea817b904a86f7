import type { Model, Tensor } from '../graph/ir.ts';
import { rawLength, tensorByteLength } from '../graph/tensor-size.ts';
import { walkTensors } from '../graph/tensors.ts';

/** Where each tensor will lie in the data file. */
export interface ExternalPlan {
  readonly entries: readonly { readonly tensor: Tensor; readonly offset: number; readonly length: number }[];
}

/** Readers map the file into memory; large tensors start on a page (64 KiB is Windows' granularity). @see ExternalData.md */
const PAGE = 65536;
/** From this size on a tensor is aligned, and worth moving out of a model that is too large. */
const LARGE = 1 << 20;

/**
 * Lays out the data file of a model: all tensors that are external now, in the order of the walk.
 * @param options.alsoLarge moves all raw tensors of 1 MiB and more there as well
 */
export function planExternalData(model: Model, options: { readonly alsoLarge: boolean }): ExternalPlan {
  const entries: { tensor: Tensor; offset: number; length: number }[] = [];
  const seen = new Set<Tensor>();
  let end = 0;
  for (const tensor of walkTensors(model)) {
    const { storage } = tensor;
    const moves = options.alsoLarge && storage.kind === 'raw' && rawLength(storage) >= LARGE;
    if ((storage.kind !== 'external' && !moves) || seen.has(tensor)) continue;
    seen.add(tensor);
    const length = tensorByteLength(tensor);
    const offset = length >= LARGE ? Math.ceil(end / PAGE) * PAGE : end;
    entries.push({ tensor, offset, length });
    end = offset + length;
  }
  return { entries };
}
