import { throwIfCancelled } from '../../../base/errors.ts';
import { evaluationGraph } from '../../autograd/evaluation-graph.ts';
import { Trainer } from '../../autograd/trainer.ts';
import { trainingGraph, WEIGHTS, type TrainingGraph } from '../../autograd/training-graph.ts';
import { TRAINING_SESSION } from '../../autograd/training-session.ts';
import { feedInputs } from '../../graph/index-graph.ts';
import { encodeModel } from '../../onnx/encode-model.ts';
import { openBatch } from '../../passes/open-batch.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { Session } from '../../runtime/session.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';
import { seededRandom } from '../../tensor/random.ts';
import { blockNumbers, TARGET, type BlockTerms, type LearntBlock, type SoftBlock } from './block-graph.ts';
import { batchOf, type BlockSamples } from './block-samples.ts';

interface BlockSchedule {
  readonly iterations: number;
  /** Positions at the block's end that an iteration sees, about. */
  readonly positions: number;
  readonly learningRate: number;
  /** Weight of the term that drives each weight to one of its codes, against the error to the nearest. */
  readonly pull: number;
  /** Share of the iterations without that term. */
  readonly free: number;
}

const SCHEDULE: BlockSchedule = {
  iterations: 1000,
  positions: 2048,
  learningRate: 0.03,
  pull: 12,
  free: 0.2,
};
/** Exponent of that term, from the first iteration that has it to the last. */
const SHARPNESS = { first: 20, last: 2 };
/** Numbers of a batch at most, data and targets. */
const BATCH_NUMBERS = 8 * 2 ** 20;
/** Samples of an iteration at most. */
const MOST_SAMPLES = 8;
/** Chance is the same every time. */
const SEED = 1;

export interface BlockOutcome {
  /** undefined: nothing better than the nearest codes was found. */
  readonly learnt: LearntBlock | undefined;
  /** Mean squared error at the block's end over all samples: to the nearest, and learnt. */
  readonly error: { readonly before: number; readonly after: number };
}

/**
 * Learns a block: the rounding of its weights, its biases and the steps of its activations together, towards what the float model has at its
 * end.
 * @throws TRAIN_NO_GRADIENT where a layer of the block has none; TRAIN_NOT_FINITE, RUNTIME_…, CANCELLED
 */
export async function learnBlock(
  soft: SoftBlock,
  samples: BlockSamples,
  runner: Runner,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (share: number) => void },
): Promise<BlockOutcome> {
  const { model, notes } = openBatch(soft.model);
  const { losses, parameters } = soft;
  const training = trainingGraph({ model, losses, parameters, optimizer: { kind: 'adam' } });
  const count = samples.data.samples.length;
  const size = (samples.data.samples[0]?.length ?? 0) + (samples.target.samples[0]?.length ?? 0);
  const positions = samples.target.dims.slice(2).reduce((product, dim) => product * dim, samples.target.dims[0] ?? 1);
  const wanted = Math.min(MOST_SAMPLES, Math.round(SCHEDULE.positions / Math.max(1, positions)));
  const most = Math.max(1, Math.min(wanted, count, Math.floor(BATCH_NUMBERS / Math.max(1, size))));
  const batch = notes.length > 0 ? samples.together : most;
  const input = feedInputs(model.graph)[0]!.name;
  const feedsOf = (chosen: readonly number[]): HostTensors => ({
    [input]: batchOf(samples.data, chosen),
    [TARGET]: batchOf(samples.target, chosen),
  });
  const graph = evaluationGraph({ model, losses: losses.slice(0, 1), outputs: [] }, training.parameters);
  const judge = await runner.load({ bytes: encodeModel(graph) }, TRAINING_SESSION, { signal });
  const all = Array.from({ length: Math.floor(count / batch) }, (_, at) =>
    Array.from({ length: batch }, (_place, place) => at * batch + place),
  );
  const errorOf = async (weights: Float32Array): Promise<number> => {
    const given = {
      ...scalars({ ofError: 1, pull: 0, sharpness: 1 }),
      [WEIGHTS]: vector(hardened(soft, training, weights)),
    };
    let sum = 0;
    for (const chosen of all) {
      throwIfCancelled(signal, 'Learning the rounding');
      sum += Number((await judge.run(fitting(judge, { ...feedsOf(chosen), ...given }), { signal }))['error']!.data[0]);
    }
    return sum / all.length;
  };
  const start = training.initial[WEIGHTS]!.data as Float32Array;
  try {
    const before = await errorOf(start);
    if (!(before > 0)) return { learnt: undefined, error: { before, after: before } };
    const weights = await trained(training, { before, feedsOf, batch, count }, runner, { signal, progress });
    const after = await errorOf(weights);
    if (!(after < before)) return { learnt: undefined, error: { before, after: before } };
    return { learnt: soft.learnt((name) => valuesOf(training, weights, name)), error: { before, after } };
  } finally {
    if (runner.alive) await judge.close();
  }
}

async function trained(
  training: TrainingGraph,
  {
    before,
    feedsOf,
    batch,
    count,
  }: {
    readonly before: number;
    readonly feedsOf: (chosen: readonly number[]) => HostTensors;
    readonly batch: number;
    readonly count: number;
  },
  runner: Runner,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (share: number) => void },
): Promise<Float32Array> {
  const { iterations, learningRate, pull, free } = SCHEDULE;
  const warm = Math.round(iterations * free);
  const random = seededRandom(SEED);
  const trainer = await Trainer.start(runner, training, TRAINING_SESSION, signal);
  try {
    for (let step = 0; step < iterations; step++) {
      throwIfCancelled(signal, 'Learning the rounding');
      if (step % 10 === 0) progress(step / iterations);
      const left = Math.min(1, (iterations - step) / Math.max(1, iterations - warm));
      const chosen = Array.from({ length: batch }, () => Math.floor(random() * count));
      const numbers = scalars({
        ofError: 1 / before,
        pull: step < warm ? 0 : pull,
        sharpness: SHARPNESS.last + (SHARPNESS.first - SHARPNESS.last) * left,
      });
      await trainer.step({ ...feedsOf(chosen), ...numbers }, { learningRate, signal });
    }
    return await trainer.weights();
  } finally {
    if (runner.alive) await trainer.close();
  }
}

function scalars(terms: BlockTerms): HostTensors {
  const entries = Object.entries(blockNumbers(terms));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, { dtype: 'float32', dims: [], data: Float32Array.of(value) }]),
  );
}

function valuesOf({ parameters }: TrainingGraph, weights: Float32Array, name: string): Float32Array {
  const { offset, count } = parameters.find((parameter) => parameter.name === name)!;
  return weights.subarray(offset, offset + count);
}

function hardened(soft: SoftBlock, training: TrainingGraph, weights: Float32Array): Float32Array {
  const hard = weights.slice();
  for (const { name, offset } of training.parameters)
    hard.set(soft.hardened(name, valuesOf(training, weights, name)), offset);
  return hard;
}

const vector = (data: Float32Array): HostTensor => ({ dtype: 'float32', dims: [data.length], data });

/** Those feeds that a session takes. */
function fitting({ inputs }: Session, feeds: HostTensors): HostTensors {
  const taken = new Set(inputs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => taken.has(name)));
}
