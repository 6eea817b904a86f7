import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { makeValueInfo } from '../graph/make.ts';
import { maximumNode, minimumNode } from '../operators/nodes.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import type { Range } from './quantize-activations.ts';

export interface CalibrationRun {
  readonly runner: Runner;
  readonly batches: FeedBatches;
  /** Samples to take from the start; the batch in which the count is reached is used whole. */
  readonly samples: number;
}

export interface Calibration {
  /** For each tensor asked for. A tensor that was never written has the range {min: 0, max: 0}. */
  readonly ranges: ReadonlyMap<string, Range>;
  readonly samples: number;
}

/**
 * The least and greatest value of each tensor over the calibration data. ReduceMin and ReduceMax are added to the graph,
 * so two numbers for each tensor and batch leave the runner, not the activations.
 * @param model opset ≥ 13, float32 where `tensors` are; not modified
 * @throws DATA_INVALID when there is no batch; RUNTIME_…, CANCELLED
 */
export async function calibrateMinMax(
  model: Model,
  tensors: readonly string[],
  run: CalibrationRun,
  context: TaskContext,
): Promise<Calibration> {
  const watched = watchRanges(model, tensors);
  const settings = { provider: 'cpu', threads: null } as const;
  const session = await run.runner.load(sourceOfModel(watched), settings, { signal: context.signal });
  const ranges = new Map<string, { min: number; max: number }>(
    tensors.map((name) => [name, { min: Infinity, max: -Infinity }]),
  );
  let samples = 0;
  try {
    for await (const feeds of run.batches) {
      throwIfCancelled(context.signal, 'The calibration');
      context.progress({ stage: 'Calibrating', done: samples, total: run.samples });
      const found = await session.run(feeds, { signal: context.signal });
      for (const [position, name] of tensors.entries()) {
        const range = ranges.get(name)!;
        range.min = Math.min(range.min, scalar(found, minName(position)));
        range.max = Math.max(range.max, scalar(found, maxName(position)));
      }
      samples += batchSize(feeds);
      if (samples >= run.samples) break;
    }
  } finally {
    if (run.runner.alive) await session.close();
  }
  if (samples === 0) {
    throw new StudioError('DATA_INVALID', 'Static quantization got no calibration sample, expected at least one', {
      hint: 'Give data that the model can run on; 100 to 500 samples are usual.',
    });
  }
  context.progress({ stage: 'Calibrating', done: samples, total: samples });
  return {
    ranges: new Map([...ranges].map(([name, { min, max }]) => [name, min > max ? { min: 0, max: 0 } : { min, max }])),
    samples,
  };
}

const minName = (position: number): string => `lapidary_min_${position}`;
const maxName = (position: number): string => `lapidary_max_${position}`;

/** The model with the ranges of the tensors as its only outputs. */
function watchRanges(model: Model, tensors: readonly string[]): Model {
  const reductions = tensors.flatMap((name, position) => [
    minimumNode([name], minName(position), { name: minName(position), attributes: { keepdims: 0n } }),
    maximumNode([name], maxName(position), { name: maxName(position), attributes: { keepdims: 0n } }),
  ]);
  const outputs = tensors.flatMap((_, position) => [
    makeValueInfo(minName(position), 'float32', []),
    makeValueInfo(maxName(position), 'float32', []),
  ]);
  return { ...model, graph: { ...model.graph, nodes: [...model.graph.nodes, ...reductions], outputs } };
}

function scalar(found: HostTensors, name: string): number {
  return Number(found[name]?.data[0] ?? Number.NaN);
}
