import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../../main/engine/graph/ir.ts';
import { tensorBytes } from '../../main/engine/graph/tensor-data.ts';
import { mapTensors } from '../../main/engine/graph/tensors.ts';

/** The model with all of its tensors in files of a folder, one each. */
export function externalData(model: Model, folder: string): Model {
  let count = 0;
  return mapTensors(model, (tensor) => {
    const bytes = tensorBytes(tensor);
    const location = `${count++}.bin`;
    writeFileSync(join(folder, location), bytes);
    const storage = {
      kind: 'external',
      directory: folder,
      location,
      offset: 0,
      length: bytes.length,
      extra: [],
    } as const;
    return { ...tensor, storage };
  });
}
