import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import { blockConvolutions, channelBlock } from '../passes/block-convolutions.ts';
import type { KeptValues } from '../runtime/protocol.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { SessionSettings } from '../runtime/settings.ts';
import { firstNumber, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';
import type { UpdateRule } from './optimizer.ts';
import { WEIGHTS, withWeights, type TrainingGraph } from './training-graph.ts';

export interface StepOptions {
  readonly learningRate: number;
  readonly signal?: AbortSignal | undefined;
  /** Values among the training graph's outputs to bring over as well. */
  readonly outputs?: readonly string[];
}

export interface StepResult {
  /** Steps done, this one included. */
  readonly step: number;
  /** The weighted sum of the losses. */
  readonly loss: number;
  /** Each loss by name, unweighted. */
  readonly losses: Readonly<Record<string, number>>;
  /** Length of the gradient of all weights together, before it was clipped. */
  readonly gradientNorm: number;
  readonly outputs: HostTensors;
}

/** What a training can go on from: the weights and the optimizer's vectors, by name, after so many steps. */
export interface Checkpoint {
  readonly step: number;
  readonly state: HostTensors;
}

/** A state that stays in the runner. */
export interface Mark {
  readonly step: number;
  readonly kept: KeptValues;
}

/**
 * Trains: runs a training graph step by step. Weights and the optimizer's vectors stay in the runner between steps; what crosses
 * are the samples and some numbers.
 */
export class Trainer {
  readonly training: TrainingGraph;
  readonly #runner: Runner;
  readonly #session: Session;
  #steps = 0;
  /** Fed in the first step, or after a checkpoint; then the state is in the runner. */
  #fed: HostTensors;
  #kept: KeptValues | null = null;
  readonly #marked = new Set<number>();

  private constructor(training: TrainingGraph, runner: Runner, session: Session) {
    this.training = training;
    this.#runner = runner;
    this.#session = session;
    this.#fed = training.initial;
  }

  /** Loads the training graph. @throws RUNTIME_LOAD_FAILED, RUNTIME_DIED, CANCELLED */
  static async start(
    runner: Runner,
    training: TrainingGraph,
    settings: SessionSettings,
    signal?: AbortSignal,
  ): Promise<Trainer> {
    const block = settings.provider === 'cpu' ? await channelBlock(runner) : undefined;
    const model = block === undefined ? training.model : blockConvolutions(training.model, block);
    const session = await runner.load({ bytes: encodeModel(model) }, settings, { signal });
    return new Trainer(training, runner, session);
  }

  get steps(): number {
    return this.#steps;
  }

  /**
   * One step on one batch.
   * @throws TRAIN_NOT_FINITE when loss or gradient are no finite numbers: the state is then that of before the step;
   *   SHAPE_MISMATCH, RUNTIME_…, CANCELLED
   */
  async step(feeds: HostTensors, { learningRate, signal, outputs = [] }: StepOptions): Promise<StepResult> {
    const { numbers, carried, rule } = this.training;
    const step = this.#steps + 1;
    const given = { ...feeds, ...stepNumbers(rule, step, learningRate), ...this.#fed };
    const run = await this.#session.runKeeping(
      { feeds: given, from: this.#kept },
      { outputs: [...numbers, ...outputs], keep: carried },
      { signal },
    );
    const read = (name: string): number => firstNumber(run.outputs[name]!);
    const loss = read(numbers[0]!);
    const gradientNorm = read(numbers.at(-1)!);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      await this.#runner.release([run.kept!]);
      throw notFinite(step, { loss, gradientNorm, learningRate });
    }
    await this.#replace(run.kept!);
    this.#steps = step;
    return {
      step,
      loss,
      losses: Object.fromEntries(numbers.slice(1, -1).map((name) => [name, read(name)])),
      gradientNorm,
      outputs: Object.fromEntries(outputs.map((name) => [name, run.outputs[name]!])),
    };
  }

  /**
   * Runs a graph of the same model (see `evaluationGraph`) on the weights as they are.
   * @throws SHAPE_MISMATCH, RUNTIME_…, CANCELLED
   */
  async evaluate(
    session: Session,
    feeds: HostTensors,
    { outputs, signal }: { readonly outputs: readonly string[]; readonly signal?: AbortSignal | undefined },
  ): Promise<HostTensors> {
    const { [WEIGHTS]: weights } = this.#fed;
    const given = weights === undefined ? feeds : { ...feeds, [WEIGHTS]: weights };
    return (await session.runKeeping({ feeds: given, from: this.#kept }, { outputs, keep: [] }, { signal })).outputs;
  }

  /** The state as it is now, for `restore`; it stays in the runner until `release`. null before the first step. */
  mark(): Mark | null {
    if (this.#kept === null) return null;
    this.#marked.add(this.#kept.id);
    return { step: this.#steps, kept: this.#kept };
  }

  /** Goes on from a state that was marked. */
  async restore(mark: Mark): Promise<void> {
    await this.#replace(mark.kept);
    this.#steps = mark.step;
  }

  async release(mark: Mark): Promise<void> {
    this.#marked.delete(mark.kept.id);
    if (this.#kept?.id !== mark.kept.id) await this.#runner.release([mark.kept]);
  }

  /** All that is needed to go on in another runner, brought over. */
  async checkpoint(mark?: Mark | null): Promise<Checkpoint> {
    const kept = mark?.kept ?? this.#kept;
    if (kept === null) return { step: this.#steps, state: this.#fed };
    return { step: mark?.step ?? this.#steps, state: await this.#runner.fetch(kept) };
  }

  /** Goes on from a checkpoint of the same training graph. */
  async resume({ step, state }: Checkpoint): Promise<void> {
    const before = this.#kept;
    this.#kept = null;
    this.#fed = state;
    this.#steps = step;
    if (before !== null && !this.#marked.has(before.id)) await this.#runner.release([before]);
  }

  /** The trained weights, one vector in the order of `training.parameters`. */
  async weights(mark?: Mark | null): Promise<Float32Array> {
    const { state } = await this.checkpoint(mark);
    return state[WEIGHTS]!.data as Float32Array;
  }

  /** A model of which the training graph was made, with the weights as they are now. */
  async trained(model: Model, mark?: Mark | null): Promise<Model> {
    return withWeights(model, this.training.parameters, await this.weights(mark));
  }

  async close(): Promise<void> {
    await this.#session.close();
    if (this.#kept !== null) await this.#runner.release([this.#kept]);
  }

  async #replace(kept: KeptValues): Promise<void> {
    const before = this.#kept;
    this.#kept = kept;
    this.#fed = {};
    if (before !== null && before.id !== kept.id && !this.#marked.has(before.id)) await this.#runner.release([before]);
  }
}

const scalar = (value: number): HostTensor => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) });

/** The numbers that an update is fed, by name. */
export const stepNumbers = (rule: UpdateRule, step: number, learningRate: number): HostTensors =>
  Object.fromEntries(Object.entries(rule.numbers(step, learningRate)).map(([name, value]) => [name, scalar(value)]));

/** The error of a step that was not taken. */
export function notFinite(
  step: number,
  { loss, gradientNorm, learningRate }: { loss: number; gradientNorm: number; learningRate: number },
): StudioError {
  const what = Number.isFinite(loss) ? `the gradient's length is ${gradientNorm}` : `the loss is ${loss}`;
  return new StudioError(
    'TRAIN_NOT_FINITE',
    `Step ${step} with learning rate ${learningRate}: ${what}; the weights are those of before the step`,
    { hint: 'Lower the learning rate, clip the gradient, or look for samples that are not finite.' },
  );
}
