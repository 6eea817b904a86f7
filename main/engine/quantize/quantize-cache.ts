import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { CacheStep } from '../../contract/recipe/quantize-cache.ts';
import { formatDb } from '../../judge/format.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import { CalibrationSamples } from '../dataset/finite-samples.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Dim, Model, Node, ValueInfo } from '../graph/ir.ts';
import { makeTensor, makeValueInfo } from '../graph/make.ts';
import { walkNodes } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { attentionCache, withCodedCache, type AttentionCache } from '../operators/cached-attention.ts';
import { compareOutputs, runOnce } from '../passes/compare-outputs.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';
import { cacheCodes, cacheScales, Extremes } from './cache-codes.ts';
import type { QuantizedLayer } from './layer-report.ts';
import type { QuantizeOutcome } from './outcome.ts';

/** Scales of the keys and of the values of a layer. */
interface LayerScales {
  readonly key: ReturnType<typeof cacheScales>;
  readonly value: ReturnType<typeof cacheScales>;
}

/** A layer whose cache becomes codes. */
interface Cached {
  readonly node: Node;
  readonly cache: AttentionCache;
}

/**
 * Keys and values that attention keeps between runs, as codes in int8, or two of 4 bits in each uint8, symmetric, with scales from
 * what the float model keeps on calibration data. Of every layer that takes its cache as inputs of the model and gives it as
 * outputs: these change their type (with 4 bits also their last size), which whoever runs the model has to follow; an empty
 * cache stays empty. The source is not modified.
 * @throws UNSUPPORTED where no layer keeps a cache that can be codes, with the reason; DATA_INVALID, RUNTIME_…, CANCELLED
 */
export async function quantizeCache(
  source: Model,
  input: {
    readonly step: CacheStep;
    readonly calibration: (samples: number) => FeedBatches;
    readonly runner: Runner;
  },
  context: TaskContext,
): Promise<QuantizeOutcome<CacheStep>> {
  const { step, runner } = input;
  const named = nameNodes(source);
  const { layers, reasons } = cachedLayers(named.model, step);
  if (layers.length === 0) throw nothingToCode(reasons);
  const samples = new CalibrationSamples(input.calibration, step.samples);
  const scales = await observe(named.model, layers, { runner, samples, step }, context);
  const model = write(named.model, layers, scales, step);
  const feeds = await samples.first();
  const expected = await runOnce(named.model, feeds, runner, context);
  const got = await runOnce(model, codedFeeds(feeds, layers, scales, step.cacheBits), runner, context);
  const kept = new Set(layers.flatMap(({ cache }) => [cache.presentKey, cache.presentValue]));
  const others = (outputs: HostTensors): HostTensors =>
    Object.fromEntries(Object.entries(outputs).filter(([name]) => !kept.has(name)));
  const worst = Math.min(...compareOutputs(others(expected), others(got)).map(({ sqnrDb }) => sqnrDb));
  const coded = new Set(layers.map(({ node }) => node.name));
  return {
    model,
    sources: named.sources,
    step,
    layers: describe(named.model, coded, reasons),
    fusedShare: 1,
    notes: [
      ...samples.notes(),
      `The cache of ${layers.length} attention layer${layers.length === 1 ? '' : 's'} has ${step.cacheBits} bits: inputs and outputs like '${layers[0]!.cache.pastKey}' are ${step.cacheBits === 8 ? 'int8' : 'uint8 of half the size'} now, and begin with zeros.`,
      ...(Number.isFinite(worst) ? [`The other outputs on some inputs: ${formatDb(worst)} against float32.`] : []),
    ],
  };
}

function cachedLayers(
  { graph }: Model,
  { exclude, cacheBits }: CacheStep,
): { readonly layers: readonly Cached[]; readonly reasons: ReadonlyMap<string, string> } {
  const index = indexGraph(graph);
  const excluded = new Set(exclude);
  const layers: Cached[] = [];
  const reasons = new Map<string, string>();
  for (const node of graph.nodes) {
    const cache = attentionCache(node);
    if (cache === undefined) continue;
    const reason = excluded.has(node.name) ? 'left out by the recipe' : refusal(cache, index, cacheBits);
    if (reason === undefined) layers.push({ node, cache });
    else reasons.set(node.name, reason);
  }
  return { layers, reasons };
}

/** Why the cache of a layer cannot become codes; undefined: it can. */
function refusal(cache: AttentionCache, index: GraphIndex, bits: number): string | undefined {
  if (cache.coded) return 'its cache is codes already';
  const [pasts, presents] = [
    [cache.pastKey, cache.pastValue],
    [cache.presentKey, cache.presentValue],
  ];
  if ([...pasts, ...presents].includes('')) return 'it keeps no cache between runs';
  const isInput = (name: string): boolean =>
    index.input(name) !== undefined && index.consumers(name).length === 1 && !index.isOutput(name);
  const isOutput = (name: string): boolean => index.isOutput(name) && index.consumers(name).length === 0;
  if (!pasts.every(isInput) || !presents.every(isOutput)) {
    return 'its cache is not an input and an output of the model by itself';
  }
  const types = pasts.map((name) => index.input(name)!.type);
  if (types.some((type) => type?.kind !== 'tensor' || type.dtype !== 'float32')) return 'its cache is not float32';
  const sizes = types.map((type) => (type?.kind === 'tensor' ? type.shape?.[3] : undefined));
  return bits === 4 && sizes.some((size) => typeof size === 'number' && size % 2 === 1)
    ? 'its heads have an odd size, which 4 bits cannot pack'
    : undefined;
}

function nothingToCode(reasons: ReadonlyMap<string, string>): StudioError {
  const [first] = reasons;
  const why = first === undefined ? 'it has no GroupQueryAttention' : `'${first[0]}': ${first[1]}`;
  return new StudioError('UNSUPPORTED', `This model keeps no cache that can become codes: ${why}`, {
    hint: 'Only attention that takes and gives its keys and values as inputs and outputs of the model has one; weights are coded by other schemes.',
  });
}

/** Scales of keys and values by layer, from what the float model keeps. */
async function observe(
  model: Model,
  layers: readonly Cached[],
  {
    runner,
    samples,
    step,
  }: { readonly runner: Runner; readonly samples: CalibrationSamples; readonly step: CacheStep },
  context: TaskContext,
): Promise<ReadonlyMap<string, LayerScales>> {
  const { signal } = context;
  const wanted = [
    ...new Set(layers.flatMap(({ cache }) => [cache.presentKey, cache.presentValue, cache.lengths])),
  ].filter((name) => name !== '' && indexGraph(model.graph).input(name) === undefined);
  const known = new Map(model.graph.outputs.map((output) => [output.name, output]));
  const outputs = wanted.map((name) => known.get(name) ?? makeValueInfo(name, 'int32', undefined));
  const watched = { ...model, graph: { ...model.graph, outputs } };
  const session = await runner.load(sourceOfModel(watched), { provider: 'cpu', threads: null }, { signal });
  const seen = new Map(layers.map(({ node }) => [node.name, { key: new Extremes(), value: new Extremes() }]));
  let done = 0;
  try {
    for await (const feeds of samples.all()) {
      throwIfCancelled(signal, 'The calibration');
      context.progress({ stage: 'Calibrating', done, total: step.samples });
      const found = { ...feeds, ...(await session.run(feeds, { signal })) };
      for (const { node, cache } of layers) {
        const lengths = found[cache.lengths];
        seen.get(node.name)!.key.add(found[cache.presentKey]!, lengths);
        seen.get(node.name)!.value.add(found[cache.presentValue]!, lengths);
      }
      done += batchSize(feeds);
    }
  } finally {
    if (runner.alive) await session.close();
  }
  const scalesOf = ({ largest, heads }: Extremes) =>
    cacheScales(largest, heads, { bits: step.cacheBits, perChannel: step.perChannel });
  return new Map([...seen].map(([name, { key, value }]) => [name, { key: scalesOf(key), value: scalesOf(value) }]));
}

function write(
  model: Model,
  layers: readonly Cached[],
  scales: ReadonlyMap<string, LayerScales>,
  { cacheBits: bits, perChannel }: CacheStep,
): Model {
  const { graph } = model;
  const changed = new Map<Node, Node>();
  const initializers = [...graph.initializers];
  const coded = new Set<string>();
  for (const { node, cache } of layers) {
    const [keyScale, valueScale] = [`${node.name}_key_scale`, `${node.name}_value_scale`];
    const { key, value } = scales.get(node.name)!;
    initializers.push(makeTensor(keyScale, 'float32', key.dims, key.values));
    initializers.push(makeTensor(valueScale, 'float32', value.dims, value.values));
    changed.set(node, withCodedCache(node, { bits, perChannel, keyScale, valueScale }));
    for (const name of [cache.pastKey, cache.pastValue, cache.presentKey, cache.presentValue]) coded.add(name);
  }
  const asCodes = (info: ValueInfo): ValueInfo => (coded.has(info.name) ? codedInfo(info, bits) : info);
  return {
    ...model,
    graph: {
      ...graph,
      nodes: graph.nodes.map((node) => changed.get(node) ?? node),
      inputs: graph.inputs.map(asCodes),
      outputs: graph.outputs.map(asCodes),
      valueInfos: graph.valueInfos.filter(({ name }) => !coded.has(name)),
      initializers,
    },
  };
}

function codedInfo(info: ValueInfo, bits: 8 | 4): ValueInfo {
  const shape = info.type?.kind === 'tensor' ? info.type.shape : undefined;
  const packed = (dim: Dim, at: number): Dim => (bits === 4 && at === 3 && typeof dim === 'number' ? dim / 2 : dim);
  const made = makeValueInfo(info.name, bits === 8 ? 'int8' : 'uint8', shape?.map(packed));
  return { ...info, type: made.type };
}

/** The same inputs with what is kept as codes. */
function codedFeeds(
  feeds: HostTensors,
  layers: readonly Cached[],
  scales: ReadonlyMap<string, LayerScales>,
  bits: 8 | 4,
): HostTensors {
  const coded: Record<string, HostTensor> = { ...feeds };
  for (const { node, cache } of layers) {
    const { key, value } = scales.get(node.name)!;
    coded[cache.pastKey] = cacheCodes(feeds[cache.pastKey]!, key.values, bits);
    coded[cache.pastValue] = cacheCodes(feeds[cache.pastValue]!, value.values, bits);
  }
  return coded;
}

function describe(
  model: Model,
  coded: ReadonlySet<string>,
  reasons: ReadonlyMap<string, string>,
): readonly QuantizedLayer[] {
  return [...walkNodes(model)].flatMap(({ node, layer }) => {
    if (hasTrait(node, 'constant')) return [];
    const quantized = coded.has(layer);
    const reason = quantized ? null : (reasons.get(layer) ?? 'keeps no cache');
    return [{ name: layer, op: node.opType, quantized, fused: quantized ? true : null, reason }];
  });
}
