import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import type { Model } from '../graph/ir.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { NO_STATISTICS, type TensorStatistics } from './observers/statistics.ts';
import type { Range } from './quantize-activations.ts';
import { START, STEP, watchTensors } from './watch-tensors.ts';

export interface CalibrationRun {
  readonly runner: Runner;
  readonly batches: FeedBatches;
  /** Samples to take from the start; the batch in which the count is reached is used whole. */
  readonly samples: number;
}

export interface Calibration {
  /** For each tensor asked for. */
  readonly statistics: ReadonlyMap<string, TensorStatistics>;
  readonly samples: number;
}

/** What a batch adds to the moving average. */
const MOMENTUM = 0.01;

/**
 * What every observer needs of each tensor, from one pass over the calibration data: the runtime finds the extremes itself,
 * and histograms grow in the runner's process, so that no activation leaves it. Memory does not grow with the samples.
 * @param model opset ≥ 10, float32 where `tensors` are; not modified
 * @throws DATA_INVALID when there is no batch; RUNTIME_…, CANCELLED
 */
export async function calibrate(
  model: Model,
  tensors: readonly string[],
  run: CalibrationRun,
  context: TaskContext,
): Promise<Calibration> {
  const watched = watchTensors(model, tensors);
  // A block for all values would come beside what the arena took for the first batch: 230 of 780 MiB for ResNet-18, 16 images.
  const settings = { provider: 'cpu', threads: null, memoryPattern: false } as const;
  const session = await run.runner.load(sourceOfModel(watched.model), settings, { signal: context.signal });
  const extremes = tensors.map(() => new Extremes());
  let samples = 0;
  let batches = 0;
  let into: number | null = null;
  try {
    for await (const feeds of run.batches) {
      throwIfCancelled(context.signal, 'The calibration');
      context.progress({ stage: 'Calibrating', done: samples, total: run.samples });
      const given: HostTensors = { ...feeds, [START]: int64(batches++ % STEP) };
      const wanted = { observed: watched.observed, into };
      const found = await session.observe(given, wanted, { signal: context.signal });
      into = found.into;
      for (const [at, extent] of found.extremes.entries()) extremes[at]!.add(extent);
      samples += batchSize(feeds);
      if (samples >= run.samples) break;
    }
    if (into === null) throw noSample();
    context.progress({ stage: 'Calibrating', done: samples, total: samples });
    const histograms = await run.runner.call('observed', { into }, { signal: context.signal });
    const statistics = tensors.map((name, at) => [name, extremes[at]!.with(histograms[at]!)] as const);
    return { statistics: new Map(statistics), samples };
  } finally {
    if (run.runner.alive) await session.close();
  }
}

/** The extremes of a tensor over all batches, and their moving average. */
class Extremes {
  #range: { min: number; max: number } = { min: Infinity, max: -Infinity };
  #average: { min: number; max: number } | undefined;

  add({ min, max }: Range): void {
    this.#range = { min: Math.min(this.#range.min, min), max: Math.max(this.#range.max, max) };
    // The runtime's least of no element is infinite.
    if (min > max) return;
    const average = this.#average ?? { min, max };
    this.#average = {
      min: average.min + MOMENTUM * (min - average.min),
      max: average.max + MOMENTUM * (max - average.max),
    };
  }

  with(histogram: TensorStatistics['histogram']): TensorStatistics {
    const { min, max } = this.#range;
    if (min > max || this.#average === undefined) return NO_STATISTICS;
    return { range: { min, max }, average: this.#average, histogram };
  }
}

function noSample(): StudioError {
  return new StudioError('DATA_INVALID', 'Static quantization got no calibration sample, expected at least one', {
    hint: 'Give data that the model can run on; 100 to 500 samples are usual.',
  });
}

function int64(value: number): HostTensors[string] {
  return { dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(value)) };
}
