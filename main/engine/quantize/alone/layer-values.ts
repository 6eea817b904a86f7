import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { LayerValues, TensorValues } from '../../../contract/layer-values.ts';
import { batchSize, type FeedBatches } from '../../dataset/feed-batches.ts';
import { indexGraph, type GraphIndex } from '../../graph/index-graph.ts';
import type { Model, Node } from '../../graph/ir.ts';
import { makeTensor, makeValueInfo } from '../../graph/make.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import { hasTrait } from '../../operators/ask.ts';
import { channelAxis } from '../../operators/axes.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { maximumNode, minimumNode } from '../../operators/nodes.ts';
import { defaultOpset, knowledgeOf } from '../../passes/upgrade-opset.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import { splitAtAxis } from '../../tensor/axis.ts';
import { StreamingHistogram, type Histogram } from '../../tensor/streaming-histogram.ts';
import { calibrate } from '../calibrate.ts';
import { matchLayers } from '../match-layers.ts';
import { comparableModel, prepareModel } from '../prepare.ts';

interface Found {
  readonly name: string;
  readonly role: TensorValues['role'];
  readonly codes: TensorValues['codes'];
}

/**
 * The values of a quantized layer in the float model: what it takes and gives on these samples, and its weights; with the scales
 * and zero points that the quantized model has for them.
 * @returns no tensors where the layer has no codes of its own
 * @throws RUNTIME_…, CANCELLED
 */
export async function layerValues(
  source: Model,
  quantized: Model,
  layer: string,
  on: { readonly runner: Runner; readonly batches: () => FeedBatches; readonly samples: number },
  context: TaskContext,
): Promise<LayerValues> {
  const { runner, samples } = on;
  const { model } = await prepareModel(source, { runners: lendRunner(runner) }, context);
  const other = comparableModel(quantized);
  const found = findTensors(model, other, layer);
  if (found.length === 0) return { layer, samples: 0, tensors: [] };
  const activations = found.filter(({ role }) => role !== 'weights');
  const names = activations.map(({ name }) => name);
  const seen = await calibrate(model, names, { runner, batches: on.batches(), samples }, context);
  const channels = await channelRanges(model, names, on, context);
  const index = indexGraph(model.graph);
  return {
    layer,
    samples: seen.samples,
    tensors: found.map(({ name, role, codes }) => {
      const base = { name, role, codes };
      if (role === 'weights') return { ...base, ...weightValues(index, name, codes?.scales.length ?? 1) };
      const { range, histogram } = seen.statistics.get(name)!;
      return { ...base, range, histogram: plain(histogram), channels: channels.get(name) ?? [] };
    }),
  };
}

function findTensors(float: Model, quantized: Model, layer: string): readonly Found[] {
  const match = matchLayers(float.graph, quantized.graph, knowledgeOf(float)).find(({ name }) => name === layer);
  const group = match?.group;
  // Also what the runtime only moves codes through.
  if (match === undefined || group === undefined) return [];
  const [inFloat, inQuantized] = [indexGraph(float.graph), indexGraph(quantized.graph)];
  const found: Found[] = [];
  for (const [at, value] of group.node.inputs.entries()) {
    const dequantize = inQuantized.producer(value);
    if (dequantize === undefined || !hasTrait(dequantize, 'dequantizes')) continue;
    const quantize = inQuantized.producer(dequantize.inputs[0] ?? '');
    const codes = codesOf(inQuantized, dequantize);
    if (quantize !== undefined && hasTrait(quantize, 'quantizes')) {
      const name = [quantize.inputs[0] ?? '', value].find(
        (each) => inFloat.producer(each) !== undefined || inFloat.input(each) !== undefined,
      );
      if (name !== undefined) found.push({ name, role: 'input', codes });
      continue;
    }
    const node = inFloat.nodeByName(layer);
    const name = node?.inputs[at] ?? '';
    // A bias has 32 bits: nothing of it is lost.
    if (at === 1 && constantOf(inFloat, name) !== undefined) found.push({ name, role: 'weights', codes });
  }
  if (group.codes !== undefined) {
    const dequantize = inQuantized.consumers(group.codes).find((node) => hasTrait(node, 'dequantizes'));
    if (dequantize !== undefined)
      found.push({ name: match.tensor, role: 'output', codes: codesOf(inQuantized, dequantize) });
  }
  return found;
}

/** Least and greatest code by element type. */
const LIMITS: Readonly<Record<string, readonly [lowest: number, highest: number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
};

function codesOf(index: GraphIndex, { inputs }: Node): TensorValues['codes'] {
  const [scales, zeroPoint] = [constantOf(index, inputs[1] ?? ''), constantOf(index, inputs[2] ?? '')];
  if (scales === undefined) return null;
  const limits = LIMITS[zeroPoint?.dtype ?? 'uint8'];
  if (limits === undefined) return null;
  return {
    scales: Array.from(tensorValues(scales), Number),
    zeroPoint: zeroPoint === undefined ? 0 : Number(tensorValues(zeroPoint)[0] ?? 0),
    lowest: limits[0],
    highest: limits[1],
  };
}

function weightValues(
  index: GraphIndex,
  name: string,
  scales: number,
): Pick<TensorValues, 'range' | 'histogram' | 'channels'> {
  const tensor = constantOf(index, name)!;
  const values = Float32Array.from(tensorValues(tensor), Number);
  const axis = scales > 1 ? tensor.dims.indexOf(scales) : null;
  const { channels, inner } = splitAtAxis(tensor.dims, axis);
  const ranges = Array.from({ length: channels }, () => ({ min: Infinity, max: -Infinity }));
  for (const [at, value] of values.entries()) {
    const range = ranges[Math.floor(at / inner) % channels]!;
    range.min = Math.min(range.min, value);
    range.max = Math.max(range.max, value);
  }
  const range = ranges.reduce((all, each) => ({ min: Math.min(all.min, each.min), max: Math.max(all.max, each.max) }));
  const histogram = new StreamingHistogram();
  histogram.add(values, range.min, range.max);
  return { range, histogram: plain(histogram.taken()), channels: channels > 1 ? ranges : [] };
}

function plain({ width, first, counts }: Histogram): TensorValues['histogram'] {
  return { width, first, counts: Array.from(counts) };
}

/** The extremes of every channel, found by the runtime. */
async function channelRanges(
  model: Model,
  names: readonly string[],
  {
    runner,
    batches,
    samples,
  }: { readonly runner: Runner; readonly batches: () => FeedBatches; readonly samples: number },
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<ReadonlyMap<string, { min: number; max: number }[]>> {
  const index = indexGraph(model.graph);
  const knowledge = knowledgeOf(model);
  const watched = names.flatMap((name, at) => {
    const rank = knowledge.rank(name);
    const axis = rank === undefined ? undefined : channelAxis(rank, index.producer(name)?.opType ?? '');
    if (rank === undefined || axis === undefined) return [];
    return [{ name, least: `lapidary_least_${at}`, most: `lapidary_most_${at}`, axes: axesBeside(rank, axis) }];
  });
  const found = new Map<string, { min: number; max: number }[]>();
  if (watched.length === 0) return found;
  const session = await runner.load(sourceOfModel(watchChannels(model, watched)), SETTINGS, { signal });
  try {
    let count = 0;
    for await (const feeds of batches()) {
      throwIfCancelled(signal, 'The look at a layer');
      const outputs = await session.run(feeds, { signal });
      for (const { name, least, most } of watched) {
        const [low, high] = [numbersOf(outputs, least), numbersOf(outputs, most)];
        const ranges = found.get(name) ?? low.map(() => ({ min: Infinity, max: -Infinity }));
        found.set(
          name,
          ranges.map(({ min, max }, at) => ({ min: Math.min(min, low[at]!), max: Math.max(max, high[at]!) })),
        );
      }
      count += batchSize(feeds);
      if (count >= samples) break;
    }
  } finally {
    if (runner.alive) await session.close();
  }
  return found;
}

const SETTINGS = { provider: 'cpu', threads: null } as const;

/** ReduceMin and ReduceMax take their axes as an input from this opset on. */
const AXES_AS_INPUT = 18;

interface Watched {
  readonly least: string;
  readonly most: string;
  readonly name: string;
  readonly axes: readonly number[];
}

function watchChannels(model: Model, watched: readonly Watched[]): Model {
  const asInput = defaultOpset(model) >= AXES_AS_INPUT;
  const nodes = watched.flatMap(({ name, least, most, axes }) => {
    const attributes = { keepdims: 0n, ...(asInput ? {} : { axes: axes.map(BigInt) }) };
    const inputs = asInput ? [name, `${least}_axes`] : [name];
    return [
      minimumNode(inputs, least, { name: least, attributes }),
      maximumNode(inputs, most, { name: most, attributes }),
    ];
  });
  const tensors = asInput
    ? watched.map(({ least, axes }) =>
        makeTensor(`${least}_axes`, 'int64', [axes.length], BigInt64Array.from(axes, BigInt)),
      )
    : [];
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      initializers: [...graph.initializers, ...tensors],
      outputs: watched.flatMap(({ least, most }) =>
        [least, most].map((name) => makeValueInfo(name, 'float32', [null])),
      ),
    },
  };
}

function axesBeside(rank: number, axis: number): readonly number[] {
  return [...Array(rank).keys()].filter((each) => each !== axis);
}

function numbersOf(outputs: HostTensors, name: string): readonly number[] {
  return Array.from(outputs[name]?.data ?? [], Number);
}
