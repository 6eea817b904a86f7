import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Model } from '../graph/ir.ts';
import { walkTensors } from '../graph/tensors.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { TensorStatistics } from './observers/statistics.ts';

/** Where statistics of calibrations are kept; who gives it knows what the data are. */
export interface CalibrationMemory {
  /** What tells the data: their content, the part that is used, and how they become inputs. */
  readonly dataKey: string;
  /** undefined: nothing is kept under this key, or it cannot be read. */
  readonly read: (key: string) => Promise<Uint8Array | undefined>;
  readonly write: (key: string, content: Uint8Array) => Promise<void>;
}

/** What is kept of one model on one set of samples. */
export interface KeptStatistics {
  readonly samples: number;
  readonly statistics: ReadonlyMap<string, TensorStatistics>;
}

/** Goes up when calibration counts otherwise: what was kept before is no longer found. */
const FORMAT = 2;
/** Weights of larger models take longer to be told apart than a calibration saves. */
const MOST_BYTES = 512 * 2 ** 20;

/** The statistics of a model's tensors on some samples, in a memory. */
export class StatisticsFile {
  readonly #memory: CalibrationMemory;
  readonly #key: string;

  private constructor(memory: CalibrationMemory, key: string) {
    this.#memory = memory;
    this.#key = key;
  }

  /** @param model as it is calibrated; undefined is returned for one that is too large */
  static of(memory: CalibrationMemory, model: Model, samples: number): StatisticsFile | undefined {
    let bytes = 0;
    for (const tensor of walkTensors(model)) bytes += tensorByteLength(tensor);
    if (bytes > MOST_BYTES) return undefined;
    const hash = createHash('sha256');
    for (const piece of encodeModel(model)) hash.update(piece);
    return new StatisticsFile(memory, hash.update(JSON.stringify([FORMAT, memory.dataKey, samples])).digest('hex'));
  }

  /** undefined: nothing that can be read is kept. */
  async read(): Promise<KeptStatistics | undefined> {
    const content = await this.#memory.read(this.#key);
    if (content === undefined) return undefined;
    try {
      return deserialize(content) as KeptStatistics;
    } catch {
      // Written by another version of Node, or damaged: it is found out anew, and written over.
      return undefined;
    }
  }

  async write(kept: KeptStatistics): Promise<void> {
    await this.#memory.write(this.#key, serialize(kept));
  }
}
