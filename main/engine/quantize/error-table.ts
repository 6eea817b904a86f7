import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Runner } from '../runtime/runner.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import {
  buildAccumulatedModel,
  buildAloneModel,
  type AccumulatedLayer,
  type ErrorModel,
  type LayerAlone,
} from './error-model.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import { matchLayers } from './match-layers.ts';
import { comparableModel, prepareModel } from './prepare.ts';
import { cosineOf, sqnrDb, type ErrorSums } from '../../judge/signal-error.ts';
import { knowledgeOf } from '../passes/upgrade-opset.ts';

export interface LayerError {
  readonly name: string;
  readonly op: string;
  readonly tensor: string;
  /** Only this layer quantized, its inputs float; null for a layer that is not quantized. */
  readonly localSqnrDb: number | null;
  /** The same with its weights alone quantized, and with its activations alone; null where there is no such part. */
  readonly weightSqnrDb: number | null;
  readonly activationSqnrDb: number | null;
  /** The whole quantized model against the float one at this tensor. */
  readonly sqnrDb: number;
  readonly cosine: number;
  readonly mse: number;
  /** Accumulated SQNR in dB for each channel (axis 1; of [batch, steps, features] the last axis); [] where there is none. */
  readonly channels: readonly number[];
  /** Accumulated SQNR in dB on each run: a sample, or a batch of a model whose batch is fixed. */
  readonly runs: readonly number[];
}

export interface ErrorTable {
  readonly samples: number;
  /** Samples of a run: 1, or the model's own fixed batch. */
  readonly perRun: number;
  /** Samples on which layers were quantized alone. */
  readonly samplesAlone: number;
  readonly layers: readonly LayerError[];
  readonly notes: readonly string[];
}

/**
 * Layers by themselves are measured on fewer samples where they are many: a hundred layers, each run three times more, take as
 * long as all else, and thousands of elements each tell enough.
 */
const MOST_ALONE = 1500;
const LEAST_SAMPLES_ALONE = 4;

/**
 * How far every layer of a quantized model is from the float one. Both run in one graph that sums the squares itself, so
 * that a few numbers leave the runner instead of all activations; sums of batches are added in double precision. Then each
 * quantized layer runs alone on the float model's tensors. Layers are matched by name and tensors by name, whoever quantized
 * the model.
 * @param batches asked for twice; a sample each, so that samples can be told apart
 * @param options.limit samples from the start; the batch in which it is reached counts whole
 * @throws UNSUPPORTED when the models cannot stand side by side, DATA_INVALID without samples, RUNTIME_…, CANCELLED
 */
export async function errorTable(
  float: Model,
  quantized: Model,
  batches: (limit: number) => FeedBatches,
  runner: Runner,
  options: { readonly limit: number },
  context: TaskContext,
): Promise<ErrorTable> {
  const { limit } = options;
  const compared = comparableModel(quantized);
  const reference = await referenceModel(float, compared, runner, context);
  const knowledge = knowledgeOf(reference);
  const whole = buildAccumulatedModel(reference, compared, knowledge);
  if (whole.layers.length === 0) {
    throw new StudioError('UNSUPPORTED', 'No layer of the float model was found again in the quantized one by name', {
      hint: 'Give the model that the quantized one was made from.',
    });
  }
  const runs = whole.layers.map((): number[] => []);
  const stage = 'Comparing layers';
  const sums = await sumOver(whole, { batches, runner, limit, stage }, context, (outputs) =>
    whole.layers.forEach((layer, at) => runs[at]!.push(sqnrOf(outputs, layer.reference, layer.difference))),
  );
  if (sums.samples === 0) {
    throw new StudioError('DATA_INVALID', 'The error table got no sample, expected at least one');
  }
  const alone = buildAloneModel(reference, compared, knowledge, { parts: true });
  const few = { batches, runner, limit: samplesAlone(limit, alone.layers.length), stage: 'Quantizing layers alone' };
  const own = alone.layers.length === 0 ? undefined : await sumOver(alone, few, context);
  const aloneOf = new Map(alone.layers.map((layer) => [layer.name, layer]));
  return {
    samples: sums.samples,
    perRun: Math.round(sums.samples / Math.max(1, runs[0]!.length)),
    samplesAlone: own?.samples ?? 0,
    layers: whole.layers.map((layer, at) => ({
      ...accumulatedRow(layer, sums.totals),
      ...aloneRow(aloneOf.get(layer.name), own?.totals),
      runs: runs[at]!,
    })),
    notes:
      own === undefined ? ['No layer of the quantized model could be run by itself on the float model’s values.'] : [],
  };
}

function samplesAlone(limit: number, layers: number): number {
  return Math.min(limit, Math.max(LEAST_SAMPLES_ALONE, Math.floor(MOST_ALONE / Math.max(1, layers))));
}

/**
 * The float model as its quantized form knows it: with constants computed and BatchNormalization folded where that finds more
 * of its layers again, as ours do, else as it is.
 */
async function referenceModel(
  float: Model,
  quantized: Model,
  runner: Runner,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<Model> {
  const plain = comparableModel(float);
  const { model: prepared } = await prepareModel(float, { runners: lendRunner(runner) }, { signal });
  const found = (model: Model): number =>
    matchLayers(model.graph, quantized.graph, knowledgeOf(model)).filter(({ group }) => group !== undefined).length;
  return found(prepared) >= found(plain) ? prepared : plain;
}

interface SumRun {
  readonly batches: (limit: number) => FeedBatches;
  readonly runner: Runner;
  readonly limit: number;
  readonly stage: string;
}

interface Sums {
  readonly totals: ReadonlyMap<string, Float64Array>;
  readonly samples: number;
}

/** Runs a model of sums on the data and adds them up. */
async function sumOver(
  { model }: ErrorModel<unknown>,
  { batches, runner, limit, stage }: SumRun,
  context: TaskContext,
  look?: (outputs: HostTensors) => void,
): Promise<Sums> {
  const { signal } = context;
  const settings = { provider: 'cpu', threads: null } as const;
  context.progress({ stage, done: 0, total: limit });
  const session = await runner
    .load(sourceOfModel(model), settings, { signal })
    .catch((error: unknown) => refuseStrangers(error));
  const totals = new Map<string, Float64Array>();
  let samples = 0;
  try {
    for await (const feeds of batches(limit)) {
      throwIfCancelled(signal, 'The error table');
      const outputs = await session.run(feeds, { signal });
      addTo(totals, outputs);
      look?.(outputs);
      samples += batchSize(feeds);
      context.progress({ stage, done: Math.min(samples, limit), total: limit });
      if (samples >= limit) break;
    }
  } finally {
    if (runner.alive) await session.close();
  }
  return { totals, samples };
}

function addTo(totals: Map<string, Float64Array>, outputs: HostTensors): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    const sums = totals.get(name) ?? new Float64Array(data.length);
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + Number(data[i]);
    totals.set(name, sums);
  }
}

function sqnrOf(outputs: HostTensors, reference: string, difference: string): number {
  const sumOf = (name: string): number => total(Float64Array.from(outputs[name]?.data ?? [], Number));
  return sqnrDb({ reference: sumOf(reference), difference: sumOf(difference) });
}

function accumulatedRow(layer: AccumulatedLayer, totals: ReadonlyMap<string, Float64Array>) {
  const sums = (name: string): Float64Array => totals.get(name) ?? new Float64Array();
  const [reference, difference] = [sums(layer.reference), sums(layer.difference)];
  const whole: ErrorSums = {
    reference: total(reference),
    difference: total(difference),
    approximation: total(sums(layer.approximation)),
  };
  return {
    name: layer.name,
    op: layer.op,
    tensor: layer.tensor,
    sqnrDb: sqnrDb(whole),
    cosine: cosineOf(whole),
    mse: whole.difference / Math.max(1, total(sums(layer.size))),
    channels: layer.byChannel
      ? Array.from(reference, (value, channel) => sqnrDb({ reference: value, difference: difference[channel]! }))
      : [],
  };
}

function aloneRow(layer: LayerAlone | undefined, totals: ReadonlyMap<string, Float64Array> | undefined) {
  const sqnr = (name: string | null | undefined): number | null => {
    if (layer === undefined || totals === undefined || name === null || name === undefined) return null;
    const sumOf = (output: string): number => total(totals.get(output) ?? new Float64Array());
    return sqnrDb({ reference: sumOf(layer.reference), difference: sumOf(name) });
  };
  return {
    localSqnrDb: sqnr(layer?.local),
    weightSqnrDb: sqnr(layer?.weights),
    activationSqnrDb: sqnr(layer?.activations),
  };
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * Both models run by themselves: what the runtime refuses is their layers side by side, which differ in shape.
 * @throws SHAPE_MISMATCH, or the error itself when it is another
 */
function refuseStrangers(error: unknown): never {
  if (!(error instanceof StudioError) || error.code !== 'RUNTIME_LOAD_FAILED') throw error;
  throw new StudioError('SHAPE_MISMATCH', `The two models cannot be compared layer by layer (${error.message})`, {
    hint: 'Give the model that the quantized one was made from.',
    cause: error,
  });
}
