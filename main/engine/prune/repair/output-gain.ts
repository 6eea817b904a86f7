import { StudioError, throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import { sqnrDb } from '../../../judge/signal-error.ts';
import type { Model } from '../../graph/ir.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';
import type { CalibrationRunner } from './layer-sums.ts';
import { RESTING } from '../../sums/session-settings.ts';

/** How near a model's first output is to the float model's, on the calibration samples. */
export interface OutputQuality {
  readonly sqnrDb: number;
  /** Share of samples with the same largest output; null where the output is no row of scores for each sample. */
  readonly agreement: number | null;
}

/** Before and after a repair. */
export interface OutputGain {
  readonly samples: number;
  readonly before: OutputQuality;
  readonly after: OutputQuality;
}

/**
 * Runs the float model and two others on the calibration samples and compares their first float outputs.
 * @throws DATA_INVALID without samples; RUNTIME_…, CANCELLED
 */
export async function outputGain(
  models: { readonly float: Model; readonly before: Model; readonly after: Model },
  { runner, batches }: CalibrationRunner,
  { signal, progress }: TaskContext,
): Promise<OutputGain> {
  progress({ stage: 'Comparing outputs', done: 0, total: 1 });
  const load = (model: Model) => runner.load(sourceOfModel(model), RESTING, { signal });
  const sessions = [await load(models.float), await load(models.before), await load(models.after)];
  const tallies = [new Tally(), new Tally()];
  try {
    for await (const feeds of batches()) {
      throwIfCancelled(signal);
      const [float, ...others] = await Promise.all(sessions.map((session) => session.run(feeds, { signal })));
      const name = firstFloat(float!);
      if (name === undefined) throw new StudioError('UNSUPPORTED', 'The model gives no float output to compare');
      for (const [at, outputs] of others.entries()) tallies[at]!.add(float![name]!, outputs[name]!);
    }
  } finally {
    if (runner.alive) for (const session of sessions) await session.close();
  }
  const [before, after] = tallies as [Tally, Tally];
  return { samples: before.samples, before: before.quality(), after: after.quality() };
}

function firstFloat(outputs: HostTensors): string | undefined {
  return Object.keys(outputs).find((name) => isFloat(outputs[name]!));
}

function isFloat({ data }: HostTensor): boolean {
  return data instanceof Float32Array || data instanceof Float64Array;
}

class Tally {
  samples = 0;
  #reference = 0;
  #difference = 0;
  #agreeing: number | null = 0;

  add(reference: HostTensor, other: HostTensor): void {
    const [x, y] = [reference.data as Float32Array, other.data as Float32Array];
    for (let i = 0; i < x.length; i++) {
      this.#reference += x[i]! ** 2;
      this.#difference += (x[i]! - y[i]!) ** 2;
    }
    const [rows = 1, scores = 1] = reference.dims;
    this.samples += rows;
    if (reference.dims.length !== 2 || scores < 2) this.#agreeing = null;
    if (this.#agreeing === null) return;
    for (let row = 0; row < rows; row++) {
      const of = (values: Float32Array): number => largest(values.subarray(row * scores, (row + 1) * scores));
      if (of(x) === of(y)) this.#agreeing++;
    }
  }

  quality(): OutputQuality {
    const db = sqnrDb({ reference: this.#reference, difference: this.#difference });
    return { sqnrDb: db, agreement: this.#agreeing === null ? null : this.#agreeing / this.samples };
  }
}

function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
