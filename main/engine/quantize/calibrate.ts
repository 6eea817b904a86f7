import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { indexGraph } from '../graph/index-graph.ts';
import { makeTensor, makeValueInfo } from '../graph/make.ts';
import { inferModel } from '../operators/infer.ts';
import {
  globalMaxPoolNode,
  maximumNode,
  maxPoolNode,
  minimumNode,
  reshapeNode,
  sliceNode,
} from '../operators/nodes.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { clipBounds } from '../operators/clip-bounds.ts';
import { NO_STATISTICS, type TensorStatistics } from './observers/statistics.ts';
import type { Range } from './quantize-activations.ts';

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

/** Of tensors with so many elements in a sample, only some are counted in the histogram. */
const LARGE = 2048;
/** Every 7th, with another start in each batch: a prime, so that every column of a matrix is met. */
const STEP = 7;
/** Of images every 4th pixel of every 4th row; of those with so many elements every 8th. */
const HUGE = 2 ** 17;
const PIXEL_STEPS = { large: 4n, huge: 8n } as const;
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
  const settings = { provider: 'cpu', threads: null } as const;
  const session = await run.runner.load(sourceOfModel(watched), settings, { signal: context.signal });
  const named = watched.graph.outputs.map(({ name }) => name);
  const wanted = {
    outputs: named.filter((name) => !name.startsWith(SOME)),
    observed: tensors.map((_, at) => ({
      values: someName(at),
      least: named.includes(minName(at)) ? minName(at) : null,
      greatest: maxName(at),
    })),
  };
  const extremes = tensors.map(() => new Extremes());
  let samples = 0;
  let batches = 0;
  let into: number | null = null;
  try {
    for await (const feeds of run.batches) {
      throwIfCancelled(context.signal, 'The calibration');
      context.progress({ stage: 'Calibrating', done: samples, total: run.samples });
      const given: HostTensors = { ...feeds, [START]: int64(batches++ % STEP) };
      const found = await session.observe(given, { ...wanted, into }, { signal: context.signal });
      into = found.into;
      for (const [at, seen] of extremes.entries()) {
        // Without a least value it is known that none is negative, and a range begins at 0 at the latest.
        seen.add({
          min: scalar(found.outputs, minName(at)) ?? 0,
          max: scalar(found.outputs, maxName(at)) ?? Number.NaN,
        });
      }
      samples += batchSize(feeds);
      if (samples >= run.samples) break;
    }
    if (into === null) throw noSample();
    context.progress({ stage: 'Calibrating', done: samples, total: samples });
    const histograms = await run.runner.call('observed', { into }, { signal: context.signal });
    const statistics = tensors.map((name, at) => [name, extremes[at]!.with(histograms[someName(at)]!)] as const);
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

const minName = (at: number): string => `lapidary_min_${at}`;
const maxName = (at: number): string => `lapidary_max_${at}`;
const SOME = 'lapidary_some_';
const someName = (at: number): string => `${SOME}${at}`;
const START = 'lapidary_start';
const [FLAT, END, FIRST_AXIS, EVERY] = ['lapidary_flat', 'lapidary_end', 'lapidary_axis', 'lapidary_step'] as const;

/** The model with the extremes and some values of each tensor as its only outputs. */
function watchTensors(model: Model, tensors: readonly string[]): Model {
  const { values } = inferModel(model);
  const index = indexGraph(model.graph);
  const watches = tensors.map((name, at) => {
    const shape = values.get(name)?.shape ?? undefined;
    const known = (shape ?? []).filter((dim) => typeof dim === 'number');
    const producer = index.producer(name);
    const low = producer === undefined ? undefined : clipBounds(producer, index)?.low;
    return watchNodes(name, at, {
      elements: known.reduce((product, dim) => product * dim, 1),
      image: shape?.length === 4,
      negative: low === undefined || low < 0,
    });
  });
  const initializers = [
    ...model.graph.initializers,
    constant(FLAT, -1n),
    constant(END, 2n ** 62n),
    constant(FIRST_AXIS, 0n),
    constant(EVERY, BigInt(STEP)),
  ];
  const outputs = watches.flatMap(({ outputs: made }) =>
    made.map((name) => makeValueInfo(name, 'float32', name.startsWith(SOME) ? undefined : [])),
  );
  const inputs = [...model.graph.inputs, makeValueInfo(START, 'int64', [1])];
  const nodes = [...model.graph.nodes, ...watches.flatMap((watch) => watch.nodes)];
  return { ...model, graph: { ...model.graph, inputs, initializers, nodes, outputs } };
}

/**
 * What finds the extremes of a tensor, and takes some of its values. Images stay in the layout in which convolutions compute
 * (pools read it): to write MobileNetV2's images out for every reduction took three times as long as inference itself.
 */
function watchNodes(
  name: string,
  at: number,
  { elements, image, negative }: { readonly elements: number; readonly image: boolean; readonly negative: boolean },
): { readonly nodes: readonly Node[]; readonly outputs: readonly string[] } {
  const [least, greatest, some] = [minName(at), maxName(at), someName(at)];
  const [flat, channels] = [`lapidary_all_${at}`, `lapidary_channels_${at}`];
  const single = { attributes: { keepdims: 0n } };
  const step = elements < HUGE ? PIXEL_STEPS.large : PIXEL_STEPS.huge;
  const pixels = { kernel_shape: [1n, 1n], strides: [step, step] };
  const nodes = [
    ...(negative ? [minimumNode([name], least, { name: least, ...single })] : []),
    ...(image && !negative ? [globalMaxPoolNode([name], channels, { name: channels })] : []),
    maximumNode([image && !negative ? channels : name], greatest, { name: greatest, ...single }),
  ];
  if (elements < LARGE) nodes.push(reshapeNode([name, FLAT], some, { name: some }));
  else if (image) nodes.push(maxPoolNode([name], some, { name: some, attributes: pixels }));
  else {
    nodes.push(reshapeNode([name, FLAT], flat, { name: flat }));
    nodes.push(sliceNode([flat, START, END, FIRST_AXIS, EVERY], some, { name: some }));
  }
  return { nodes, outputs: [...(negative ? [least] : []), greatest, some] };
}

function constant(name: string, value: bigint): Tensor {
  return makeTensor(name, 'int64', [1], BigInt64Array.of(value));
}

function int64(value: number): HostTensors[string] {
  return { dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(value)) };
}

function scalar(found: HostTensors, name: string): number | undefined {
  const value = found[name]?.data[0];
  return value === undefined ? undefined : Number(value);
}
