import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import { buildErrorModel, type ComparedLayer } from './error-model.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import { comparableModel } from './prepare.ts';
import { cosineOf, sqnrDb, type ErrorSums } from '../../judge/signal-error.ts';
import { knowledgeOf } from '../passes/upgrade-opset.ts';

export interface LayerError {
  readonly name: string;
  readonly op: string;
  readonly tensor: string;
  /** Only this layer quantized, its inputs float; null for a layer that is not quantized. */
  readonly localSqnrDb: number | null;
  /** The whole quantized model against the float one at this tensor. */
  readonly sqnrDb: number;
  readonly cosine: number;
  readonly mse: number;
  /** Accumulated SQNR in dB for each channel (axis 1; of [batch, steps, features] the last axis); [] where there is none. */
  readonly channels: readonly number[];
}

export interface ErrorTable {
  readonly samples: number;
  readonly layers: readonly LayerError[];
  readonly notes: readonly string[];
}

/**
 * How far every layer of a quantized model is from the float one. Both run in one graph that sums the squares itself, so
 * that a few numbers leave the runner instead of all activations; sums of batches are added in double precision.
 * Layers are matched by name and tensors by name, whoever quantized the model.
 * @param options.limit samples from the start; the batch in which it is reached counts whole
 * @throws UNSUPPORTED when the models cannot stand side by side, DATA_INVALID without samples, RUNTIME_…, CANCELLED
 */
export async function errorTable(
  float: Model,
  quantized: Model,
  batches: FeedBatches,
  runner: Runner,
  options: { readonly limit: number },
  context: TaskContext,
): Promise<ErrorTable> {
  const reference = comparableModel(float);
  const { model, layers } = buildErrorModel(reference, comparableModel(quantized), knowledgeOf(reference));
  if (layers.length === 0) {
    throw new StudioError('UNSUPPORTED', 'No layer of the float model was found again in the quantized one by name', {
      hint: 'Give the model that the quantized one was made from.',
    });
  }
  const settings = { provider: 'cpu', threads: null } as const;
  const session = await runner
    .load(sourceOfModel(model), settings, { signal: context.signal })
    .catch((error: unknown) => refuseStrangers(error));
  const totals = new Map<string, Float64Array>();
  let samples = 0;
  try {
    for await (const feeds of batches) {
      throwIfCancelled(context.signal, 'The error table');
      context.progress({ stage: 'Comparing layers', done: samples, total: options.limit });
      addTo(totals, await session.run(feeds, { signal: context.signal }));
      samples += batchSize(feeds);
      if (samples >= options.limit) break;
    }
  } finally {
    if (runner.alive) await session.close();
  }
  if (samples === 0) throw new StudioError('DATA_INVALID', 'The error table got no sample, expected at least one');
  context.progress({ stage: 'Comparing layers', done: samples, total: samples });
  const rows = layers.map((layer) => rowOf(layer, totals));
  const unmatched = layers.every(({ localDifference }) => localDifference === null);
  return { samples, layers: rows, notes: unmatched ? ['No layer of the quantized model is quantized.'] : [] };
}

function addTo(totals: Map<string, Float64Array>, outputs: HostTensors): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    const total = totals.get(name) ?? new Float64Array(data.length);
    for (let i = 0; i < total.length; i++) total[i] = total[i]! + Number(data[i]);
    totals.set(name, total);
  }
}

function rowOf(layer: ComparedLayer, totals: ReadonlyMap<string, Float64Array>): LayerError {
  const sums = (name: string): Float64Array => totals.get(name) ?? new Float64Array();
  const { accumulated, localDifference } = layer;
  const [reference, difference, approximation] = [
    sums(accumulated.reference),
    sums(accumulated.difference),
    sums(accumulated.approximation),
  ];
  const whole: ErrorSums = {
    reference: total(reference),
    difference: total(difference),
    approximation: total(approximation),
  };
  const local =
    localDifference === null ? null : sqnrDb({ reference: whole.reference, difference: total(sums(localDifference)) });
  const channels = layer.byChannel
    ? Array.from(reference, (value, channel) => sqnrDb({ reference: value, difference: difference[channel]! }))
    : [];
  return {
    name: layer.name,
    op: layer.op,
    tensor: layer.tensor,
    localSqnrDb: local,
    sqnrDb: sqnrDb(whole),
    cosine: cosineOf(whole),
    mse: whole.difference / Math.max(1, total(sums(accumulated.size))),
    channels,
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
