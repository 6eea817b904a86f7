/** Twenty training steps as PyTorch takes them (`test/fixtures/training`), taken here, and how far apart they are. */
import { readFileSync } from 'node:fs';
import { crossEntropy } from '../../main/engine/autograd/loss.ts';
import type { Optimizer } from '../../main/engine/autograd/optimizer.ts';
import { prepareTraining } from '../../main/engine/autograd/prepare.ts';
import { Trainer } from '../../main/engine/autograd/trainer.ts';
import { trainingGraph, WEIGHTS } from '../../main/engine/autograd/training-graph.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import type { Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensor } from '../../main/engine/tensor/host-tensor.ts';

interface TorchParameter {
  /** ‖Δw‖ over all steps. */
  readonly change: number;
  /** Σ Δwᵢ cos i. */
  readonly along: number;
  /** Elements evenly spread, after the last step. */
  readonly kept: readonly number[];
}

export interface TorchSteps {
  readonly model: string;
  readonly input: string;
  readonly shape: readonly number[];
  readonly classes: number;
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly rate: number;
  readonly clip?: number;
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly parameters: Readonly<Record<string, TorchParameter>>;
}

/** The largest differences; each is relative to the larger of the number and one, or to what is said. */
export interface Apart {
  readonly losses: number;
  readonly gradientNorms: number;
  /** Of single weights. */
  readonly weights: number;
  /** Of the length of a parameter's change and of its weighted sum, relative to that length. */
  readonly changes: number;
}

const OPTIMIZERS = {
  sgd: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  nesterov: { kind: 'sgd', momentum: 0.9, nesterov: true },
  adam: { kind: 'adam', weightDecay: 1e-3 },
  adamw: { kind: 'adamw', weightDecay: 0.01 },
} as const satisfies Record<string, Optimizer>;

/** What PyTorch got, by model. */
export const TORCH_STEPS: ReadonlyMap<string, TorchSteps> = new Map(
  (
    JSON.parse(readFileSync(new URL('../fixtures/training/torch-steps.json', import.meta.url), 'utf8')) as TorchSteps[]
  ).map((told) => [told.model, told]),
);

/** The generator of `torch_steps.py`. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(1664525, state) + 1013904223) >>> 0);
}

/** Trains the file as the case says. @throws an error where a parameter that PyTorch trains has no gradient */
export async function apartFromTorch(runner: Runner, path: string, told: TorchSteps): Promise<Apart> {
  const { model } = await openModel(path);
  const { signal } = new AbortController();
  const prepared = await prepareTraining(model, { runners: { use: (work) => work(runner) }, signal });
  const logits = prepared.model.graph.outputs[0]!.name;
  const training = trainingGraph({
    model: prepared.model,
    losses: [crossEntropy({ logits, labels: 'labels' })],
    optimizer: OPTIMIZERS[told.optimizer],
    parameters: Object.keys(told.parameters),
    ...(told.clip === undefined ? {} : { clipNorm: told.clip }),
  });
  const names = new Set(training.parameters.map(({ name }) => name));
  const missed = Object.keys(told.parameters).filter((name) => !names.has(name));
  if (missed.length > 0) throw new Error(`PyTorch also trains ${missed.join(', ')}`);
  const trainer = await Trainer.start(runner, training, { provider: 'cpu', threads: 1 });
  try {
    const next = numbers(1);
    const words = told.shape.length === 2;
    const losses: number[] = [];
    const norms: number[] = [];
    for (const _ of told.losses) {
      const x = words ? below(next, told.classes, told.shape) : uniform(next, told.shape);
      const labels = below(next, told.classes, words ? told.shape : told.shape.slice(0, 1));
      const { loss, gradientNorm } = await trainer.step({ [told.input]: x, labels }, { learningRate: told.rate });
      losses.push(loss);
      norms.push(gradientNorm);
    }
    const before = training.initial[WEIGHTS]!.data as Float32Array;
    const after = (await trainer.checkpoint()).state[WEIGHTS]!.data as Float32Array;
    const pairs = training.parameters.map(({ name, offset, count }) => ({
      theirs: told.parameters[name]!,
      before: before.subarray(offset, offset + count),
      after: after.subarray(offset, offset + count),
    }));
    return {
      losses: farthest(losses, told.losses),
      gradientNorms: farthest(norms, told.gradientNorms),
      weights: Math.max(
        ...pairs.map(({ theirs, after: own }) =>
          farthest(
            theirs.kept.map((_, at) => own[Math.floor((at * own.length) / theirs.kept.length)]!),
            theirs.kept,
          ),
        ),
      ),
      changes: Math.max(...pairs.map(changeApart)),
    };
  } finally {
    await trainer.close();
  }
}

function changeApart(pair: {
  readonly theirs: TorchParameter;
  readonly before: Float32Array;
  readonly after: Float32Array;
}): number {
  let squares = 0;
  let along = 0;
  pair.after.forEach((value, at) => {
    const change = value - pair.before[at]!;
    squares += change * change;
    along += change * Math.cos(at);
  });
  const { change, along: theirs } = pair.theirs;
  return Math.max(Math.abs(Math.sqrt(squares) - change), Math.abs(along - theirs)) / change;
}

function farthest(own: readonly number[], theirs: readonly number[]): number {
  return Math.max(...theirs.map((value, at) => Math.abs(own[at]! - value) / Math.max(1, Math.abs(value))));
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((all, size) => all * size, 1);

function uniform(next: () => number, dims: readonly number[]): HostTensor {
  return { dtype: 'float32', dims, data: Float32Array.from({ length: sizeOf(dims) }, () => next() / 2 ** 31 - 1) };
}

function below(next: () => number, limit: number, dims: readonly number[]): HostTensor {
  const data = BigInt64Array.from({ length: sizeOf(dims) }, () => BigInt(Math.floor((next() * limit) / 2 ** 32)));
  return { dtype: 'int64', dims, data };
}
