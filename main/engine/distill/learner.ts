import { StudioError } from '../../base/errors.ts';
import { evaluationGraph } from '../autograd/evaluation-graph.ts';
import type { Training } from '../../contract/training.ts';
import type { Optimizer } from '../autograd/optimizer.ts';
import { estimateMemory } from '../autograd/memory.ts';
import { ParallelTrainer } from '../autograd/parallel-trainer.ts';
import { Trainer, type Checkpoint, type StepResult } from '../autograd/trainer.ts';
import type { Parameter } from '../autograd/parameters.ts';
import { trainingGraph, withWeights } from '../autograd/training-graph.ts';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { Session } from '../runtime/session.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
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

/** Some samples of a batch, with what they are to be learnt as. */
interface Part {
  readonly feeds: HostTensors;
  readonly samples: number;
}

/** An optimizer under which zeros stay that have no gradient. */
function sparing(optimizer: Optimizer, masked: readonly string[]): Optimizer {
  return optimizer.kind === 'muon' ? { ...optimizer, byAdam: masked } : optimizer;
}

/** A student in the runners' processes, which learns from its teacher. */
export class Student implements TrainedStudent {
  readonly parameters: readonly Parameter[];
  readonly blocked: TrainedStudent['blocked'];
  readonly estimate: Training['estimate'];
  readonly #options: LearnerOptions;
  readonly #trainer: Trainer | ParallelTrainer;
  readonly #judge: { readonly evaluation: Evaluation; readonly session: Session };
  readonly #teacher: Teacher;
  readonly #order: BatchOrder;
  /** The next step's batch, made while the runners compute. */
  #ahead: { readonly step: number; readonly parts: Promise<readonly Part[]> } | undefined;

  private constructor(parts: {
    readonly options: LearnerOptions;
    readonly trainer: Trainer | ParallelTrainer;
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
    const { run, signal, passOver } = options;
    const weighed = await weighTargets(run, { ...options, parameters: run.parameters });
    const { model, losses, adaptors, masked } = weighed;
    const parameters = [...run.parameters, ...adaptors];
    const { runners, settings } = run.lanes;
    const size = Math.min(options.batch, run.split.trained.length);
    // No process without a sample.
    const used = runners.slice(0, size);
    const dims = batchDims(model, Math.ceil(size / used.length));
    const memory = options.memory === undefined ? undefined : { bytes: options.memory / used.length, dims };
    const training = trainingGraph({
      model,
      losses,
      optimizer: sparing(options.optimizer, masked),
      parameters,
      clipNorm: CLIP,
      passOver,
      ...(memory === undefined ? {} : { memory }),
    });
    const { peakBytes, unknown } = estimateMemory(training, dims);
    const estimate =
      unknown > MOST_UNKNOWN ? null : { stepBytes: peakBytes * used.length, segments: training.segments };
    const evaluated = evaluationGraph({ model, losses, outputs: [run.scores.student] }, training.parameters);
    const trainer =
      used.length === 1
        ? await Trainer.start(used[0]!, training, settings, signal)
        : await ParallelTrainer.start(used, training, settings, signal);
    const evaluation = await used[0]!.load({ bytes: encodeModel(evaluated) }, settings, { signal });
    const judge = { session: evaluation, evaluation: new Evaluation({ ...weighed, run, signal }) };
    return new Student({ options, trainer, judge, teacher: weighed.teacher, estimate });
  }

  async step(step: number, rate: number): Promise<number> {
    const parts = await (this.#ahead?.step === step ? this.#ahead.parts : this.#parts(step));
    const taken = this.#take(parts, rate);
    const ahead = this.#parts(step + 1);
    ahead.catch(() => undefined); // thrown when its turn comes
    this.#ahead = { step: step + 1, parts: ahead };
    try {
      return (await taken).loss;
    } catch (error) {
      if (error instanceof StudioError && error.code === 'TRAIN_NOT_FINITE') return NaN;
      throw error;
    }
  }

  #take(parts: readonly Part[], learningRate: number): Promise<StepResult> {
    const { signal } = this.#options;
    const trainer = this.#trainer;
    return trainer instanceof ParallelTrainer
      ? trainer.step(parts, { learningRate, signal })
      : trainer.step(parts[0]!.feeds, { learningRate, signal });
  }

  /** What each lane is fed in a step. */
  #parts(step: number): Promise<readonly Part[]> {
    const items = this.#order.at(step);
    const { run } = this.#options;
    const lanes = Math.min(run.lanes.runners.length, items.length);
    const shares = Array.from({ length: lanes }, (_, lane) =>
      items.slice(Math.round((lane * items.length) / lanes), Math.round(((lane + 1) * items.length) / lanes)),
    );
    return Promise.all(
      shares.map(async (own, lane) => {
        const feeds = { ...run.samples.feeds(own), ...(await this.#teacher.targetsOf(own, lane)) };
        return { feeds, samples: own.length };
      }),
    );
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
    const { run, signal } = this.#options;
    const runner = run.lanes.runners[0]!;
    const weights = await this.#trainer.weights();
    const model = withWeights(run.student, this.parameters, weights);
    return firstNotFinite(model, run.samples.feeds(this.#order.at(step)), { runner, signal });
  }

  async close(): Promise<void> {
    await this.#ahead?.parts.catch(() => undefined);
    await this.#trainer.close();
    await this.#judge.session.close();
  }
}

/** Every open size of the inputs' first axes: the batch. */
function batchDims({ graph }: Model, batch: number): Record<string, number> {
  const names = graph.inputs.flatMap(({ type }) => (type?.kind === 'tensor' ? [type.shape?.[0]] : []));
  return Object.fromEntries(names.flatMap((name) => (typeof name === 'string' ? [[name, batch]] : [])));
}
