import { StudioError } from '../../base/errors.ts';
import { evaluationGraph } from '../autograd/evaluation-graph.ts';
import type { Training } from '../../contract/training.ts';
import type { Optimizer } from '../autograd/optimizer.ts';
import { estimateMemory } from '../autograd/memory.ts';
import { Trainer, type Checkpoint } from '../autograd/trainer.ts';
import { trainingGraph, withWeights, type Parameter } from '../autograd/training-graph.ts';
import { TRAINING_SESSION } from '../autograd/training-session.ts';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import { BatchOrder } from './batch-order.ts';
import { Evaluation } from './evaluation.ts';
import { firstNotFinite } from './not-finite.ts';
import type { PreparedRun } from './prepare-run.ts';
import type { Teacher } from './teacher.ts';
import type { Learner, Standing } from './train.ts';
import { weighTargets } from './weigh-targets.ts';

export interface LearnerOptions {
  readonly run: PreparedRun;
  readonly optimizer: Optimizer;
  readonly temperature: number;
  readonly batch: number;
  readonly seed: number;
  /** Trains what can be reached where a layer has no gradient. */
  readonly passOver: boolean;
  /** Bytes that a step may take; undefined: as much as it does. */
  readonly memory: number | undefined;
  readonly runner: Runner;
  readonly signal: AbortSignal;
}

/** A gradient longer than this is shortened: one bad batch then does no harm. */
const CLIP = 10;
/** Values whose size cannot be told, above which an estimate of memory tells nothing. */
const MOST_UNKNOWN = 8;

/** A learner as it is trained for a step of a recipe. */
export interface TrainedStudent extends Learner {
  readonly parameters: readonly Parameter[];
  /** Layers that could not be trained, with the reason. */
  readonly blocked: readonly { readonly layer: string; readonly reason: string }[];
  /** What a step takes. */
  readonly estimate: Training['estimate'];
  /** The layer in which a step went wrong: the first whose output is not finite; undefined: it was the loss or its gradient. */
  whereNotFinite(step: number): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A student in the runner's process, which learns from its teacher. */
export class Student implements TrainedStudent {
  readonly parameters: readonly Parameter[];
  readonly blocked: TrainedStudent['blocked'];
  readonly estimate: Training['estimate'];
  readonly #options: LearnerOptions;
  readonly #trainer: Trainer;
  readonly #judge: { readonly evaluation: Evaluation; readonly session: Session };
  readonly #teacher: Teacher;
  readonly #order: BatchOrder;

  private constructor(parts: {
    readonly options: LearnerOptions;
    readonly trainer: Trainer;
    readonly judge: { readonly evaluation: Evaluation; readonly session: Session };
    readonly teacher: Teacher;
    readonly estimate: Training['estimate'];
  }) {
    const { options, trainer } = parts;
    const { run, batch, seed } = options;
    this.parameters = trainer.training.parameters;
    this.blocked = trainer.training.blocked;
    this.estimate = parts.estimate;
    this.#options = options;
    this.#trainer = trainer;
    this.#judge = parts.judge;
    this.#teacher = parts.teacher;
    this.#order = new BatchOrder(run.split.trained, { batch, views: run.samples.views, seed });
  }

  /** @throws TRAIN_NO_GRADIENT; DATA_INVALID where the teacher gives NaN; RUNTIME_…, CANCELLED */
  static async start(options: LearnerOptions): Promise<Student> {
    const { run, runner, signal, optimizer, passOver } = options;
    const weighed = await weighTargets(run, { ...options, parameters: run.parameters });
    const { model, losses, adaptors } = weighed;
    const parameters = [...run.parameters, ...adaptors];
    const dims = batchDims(model, Math.min(options.batch, run.split.trained.length));
    const memory = options.memory === undefined ? undefined : { bytes: options.memory, dims };
    const training = trainingGraph({
      model,
      losses,
      optimizer,
      parameters,
      clipNorm: CLIP,
      passOver,
      ...(memory === undefined ? {} : { memory }),
    });
    const { peakBytes, unknown } = estimateMemory(training, dims);
    const estimate = unknown > MOST_UNKNOWN ? null : { stepBytes: peakBytes, segments: training.segments };
    const evaluated = evaluationGraph({ model, losses, outputs: [run.scores.student] }, training.parameters);
    const trainer = await Trainer.start(runner, training, TRAINING_SESSION, signal);
    const evaluation = await runner.load({ bytes: encodeModel(evaluated) }, TRAINING_SESSION, { signal });
    const judge = { session: evaluation, evaluation: new Evaluation({ ...weighed, run, signal }) };
    return new Student({ options, trainer, judge, teacher: weighed.teacher, estimate });
  }

  async step(step: number, rate: number): Promise<number> {
    const { run, signal } = this.#options;
    const items = this.#order.at(step);
    const feeds = { ...run.samples.feeds(items), ...(await this.#teacher.targetsOf(items)) };
    try {
      return (await this.#trainer.step(feeds, { learningRate: rate, signal })).loss;
    } catch (error) {
      if (error instanceof StudioError && error.code === 'TRAIN_NOT_FINITE') return NaN;
      throw error;
    }
  }

  evaluate(): Promise<Standing> {
    const { evaluation, session } = this.#judge;
    const { signal } = this.#options;
    return evaluation.standing((feeds, outputs) => this.#trainer.evaluate(session, feeds, { outputs, signal }));
  }

  save(): Promise<Checkpoint> {
    return this.#trainer.checkpoint();
  }

  restore(state: Checkpoint): Promise<void> {
    return this.#trainer.resume(state);
  }

  weights(): Promise<Float32Array> {
    return this.#trainer.weights();
  }

  async whereNotFinite(step: number): Promise<string | undefined> {
    const { run, runner, signal } = this.#options;
    const weights = await this.#trainer.weights();
    const model = withWeights(run.student, this.parameters, weights);
    return firstNotFinite(model, run.samples.feeds(this.#order.at(step)), { runner, signal });
  }

  async close(): Promise<void> {
    await this.#trainer.close();
    await this.#judge.session.close();
  }
}

/** Every open size of the inputs' first axes: the batch. */
function batchDims({ graph }: Model, batch: number): Record<string, number> {
  const names = graph.inputs.flatMap(({ type }) => (type?.kind === 'tensor' ? [type.shape?.[0]] : []));
  return Object.fromEntries(names.flatMap((name) => (typeof name === 'string' ? [[name, batch]] : [])));
}
