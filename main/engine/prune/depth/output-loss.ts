import { StudioError, throwIfCancelled } from '../../../base/errors.ts';
import type { Model } from '../../graph/ir.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';

interface KeptBatch {
  readonly feeds: HostTensors;
  readonly outputs: HostTensors;
}

/** How much other models' outputs differ from one model's, on samples that are kept with its outputs. */
export class OutputLoss {
  readonly #runner: Runner;
  readonly #signal: AbortSignal;
  readonly #batches: readonly KeptBatch[];

  private constructor(runner: Runner, signal: AbortSignal, batches: readonly KeptBatch[]) {
    this.#runner = runner;
    this.#signal = signal;
    this.#batches = batches;
  }

  /** Runs the model on all batches, whose feeds and outputs stay in memory. @throws DATA_INVALID without samples */
  static async against(
    model: Model,
    batches: AsyncIterable<HostTensors>,
    runner: Runner,
    signal: AbortSignal,
  ): Promise<OutputLoss> {
    const session = await runner.load(sourceOfModel(model), SETTINGS, { signal });
    const kept: KeptBatch[] = [];
    try {
      for await (const feeds of batches) kept.push({ feeds, outputs: await session.run(feeds, { signal }) });
    } finally {
      if (runner.alive) await session.close();
    }
    if (kept.length === 0) throw new StudioError('DATA_INVALID', 'The calibration data have no samples');
    return new OutputLoss(runner, signal, kept);
  }

  /**
   * Σ(y − ŷ)² / Σy² over all float outputs and samples: 0 for the model itself, 1 for zeros.
   * @throws UNSUPPORTED where no output is a float tensor
   */
  async of(model: Model): Promise<number> {
    throwIfCancelled(this.#signal, 'Comparing outputs');
    const session = await this.#runner.load(sourceOfModel(model), SETTINGS, { signal: this.#signal });
    let [difference, reference] = [0, 0];
    try {
      for (const { feeds, outputs } of this.#batches) {
        const got = await session.run(feeds, { signal: this.#signal });
        for (const [name, tensor] of Object.entries(outputs)) {
          const [x, y] = [floatsOf(tensor), floatsOf(got[name])];
          if (x === undefined || y === undefined) continue;
          for (let i = 0; i < x.length; i++) {
            difference += (x[i]! - y[i]!) ** 2;
            reference += x[i]! ** 2;
          }
        }
      }
    } finally {
      if (this.#runner.alive) await session.close();
    }
    if (reference === 0)
      throw new StudioError('UNSUPPORTED', 'The model gives no float output other than zeros to compare');
    return Number.isNaN(difference) ? Infinity : difference / reference;
  }
}

const SETTINGS = { provider: 'cpu', threads: null } as const;

function floatsOf(tensor: HostTensor | undefined): Float32Array | Float64Array | undefined {
  const data = tensor?.data;
  return data instanceof Float32Array || data instanceof Float64Array ? data : undefined;
}
