/** Whole training graphs against the loss that they compute: each parameter moved along its own gradient. */
import { prepareTraining } from '../../main/engine/autograd/prepare.ts';
import type { Loss } from '../../main/engine/autograd/loss.ts';
import { Trainer } from '../../main/engine/autograd/trainer.ts';
import { trainingGraph, type TrainingGraph } from '../../main/engine/autograd/training-graph.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import type { Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';

export interface ParameterSlope {
  readonly name: string;
  /** ‖∂L/∂w‖ of the parameter, by the training graph. */
  readonly analytic: number;
  /** The loss's slope along that direction, by differences. */
  readonly numeric: number;
  /** |difference|, relative to the larger of the slope and a thousandth of the whole gradient. */
  readonly error: number;
}

/** What the loss changes by over a difference, where the direction is steep enough … */
const CHANGE = 4e-3;
/** … and at least so many steps of float32 at its size, or rounding is all that is seen. */
const STEPS = 300;

/** Compares the gradient of parameters with differences of the loss. */
export async function parameterSlopes(
  runner: Runner,
  model: Model,
  given: {
    readonly losses: readonly Loss[];
    readonly feeds: HostTensors;
    /** How many parameters are moved, spread evenly over the model. Default 16. */
    readonly most?: number;
  },
): Promise<{ readonly training: TrainingGraph; readonly slopes: readonly ParameterSlope[] }> {
  const signal = new AbortController().signal;
  const prepared = await prepareTraining(model, { runners: { use: (work) => work(runner) }, signal });
  // the velocity after one step is the gradient itself
  const training = trainingGraph({
    model: prepared.model,
    losses: given.losses,
    optimizer: { kind: 'sgd', momentum: 0.5 },
  });
  const trainer = await Trainer.start(runner, training, { provider: 'cpu', threads: 1 });
  try {
    const [weightsName, velocityName] = Object.keys(training.initial) as [string, string];
    const weights = training.initial[weightsName]!;
    const { loss } = await trainer.step(given.feeds, { learningRate: 0 });
    const change = Math.max(CHANGE, STEPS * 2 ** (Math.floor(Math.log2(Math.abs(loss))) - 23));
    const gradient = (await trainer.checkpoint()).state[velocityName]!.data as Float32Array;
    const whole = lengthOf(gradient);
    const lossAt = async (data: Float32Array): Promise<number> => {
      await trainer.resume({ step: 0, state: { ...training.initial, [weightsName]: { ...weights, data } } });
      return (await trainer.step(given.feeds, { learningRate: 0 })).loss;
    };
    const slopes: ParameterSlope[] = [];
    const every = Math.ceil(training.parameters.length / (given.most ?? 16));
    for (const { name, offset, count } of training.parameters.filter((_, at) => at % every === 0)) {
      const own = gradient.subarray(offset, offset + count);
      const analytic = lengthOf(own);
      const size = lengthOf((weights.data as Float32Array).subarray(offset, offset + count));
      const step = Math.min(change / Math.max(analytic, 1e-12), 0.02 * Math.max(size, 0.1));
      const moved = (by: number): Promise<number> => {
        const data = (weights.data as Float32Array).slice();
        own.forEach((slope, at) => (data[offset + at]! += (by * slope) / Math.max(analytic, 1e-12)));
        return lossAt(data);
      };
      const numeric = ((await moved(step)) - (await moved(-step))) / (2 * step);
      slopes.push({ name, analytic, numeric, error: Math.abs(numeric - analytic) / Math.max(analytic, whole / 1000) });
    }
    return { training, slopes };
  } finally {
    await trainer.close();
  }
}

const lengthOf = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
