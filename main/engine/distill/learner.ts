import { StudioError } from '../../base/errors.ts';
import { evaluationGraph } from '../autograd/evaluation-graph.ts';
import type { Training } from '../../contract/training.ts';
import type { Loss } from '../autograd/loss.ts';
import type { Optimizer } from '../autograd/optimizer.ts';
import { estimateMemory } from '../autograd/memory.ts';
import { Trainer, type Checkpoint } from '../autograd/trainer.ts';
import { trainingGraph, withWeights, type Parameter } from '../autograd/training-graph.ts';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { answersOf, countEqual } from './agreement.ts';
import { BatchOrder, type Item } from './batch-order.ts';
import { lossOf } from './losses.ts';
import type { Target } from './match.ts';
import { firstNotFinite } from './not-finite.ts';
import { TRAINING_SESSION, type PreparedRun } from './prepare-run.ts';
import { studentGraph } from './student-graph.ts';
import { Teacher } from './teacher.ts';
import type { Counted, Learner, Standing } from './train.ts';

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

/** Targets that are held in memory take at most this much. */
const TARGET_BYTES = 2 ** 30;
/** A gradient longer than this is shortened: one bad batch then does no harm. */
const CLIP = 10;
/** Values whose size cannot be told, above which an estimate of memory tells nothing. */
const MOST_UNKNOWN = 8;
/** Samples that are evaluated at once. */
const EVALUATED = 64;

/** A student in the runner's process, which learns from its teacher. */
export class Student implements Learner {
  readonly graph: Model;
  readonly parameters: readonly Parameter[];
  /** Layers that could not be trained, with the reason. */
  readonly blocked: readonly { readonly layer: string; readonly reason: string }[];
  /** What a step takes. */
  readonly estimate: Training['estimate'];
  readonly #options: LearnerOptions;
  readonly #trainer: Trainer;
  readonly #evaluation: Session;
  readonly #teacher: Teacher;
  readonly #targets: readonly Target[];
  /** What each loss is multiplied by in the sum. */
  readonly #weights: readonly number[];
  readonly #order: BatchOrder;
  /** The teacher's answers on the held-out samples, by place. */
  #answers = new Map<number, Int32Array | null>();

  private constructor(parts: {
    readonly options: LearnerOptions;
    readonly graph: Model;
    readonly trainer: Trainer;
    readonly evaluation: Session;
    readonly teacher: Teacher;
    readonly targets: readonly Target[];
    readonly weights: readonly number[];
    readonly estimate: Training['estimate'];
  }) {
    const { options, graph, trainer } = parts;
    const { run, batch, seed } = options;
    this.graph = graph;
    this.parameters = trainer.training.parameters;
    this.blocked = trainer.training.blocked;
    this.estimate = parts.estimate;
    this.#options = options;
    this.#trainer = trainer;
    this.#evaluation = parts.evaluation;
    this.#teacher = parts.teacher;
    this.#targets = parts.targets;
    this.#weights = parts.weights;
    this.#order = new BatchOrder(run.split.trained, { batch, views: run.samples.views, seed });
  }

  /** @throws TRAIN_NO_GRADIENT; DATA_INVALID where the teacher gives NaN; RUNTIME_…, CANCELLED */
  static async start(options: LearnerOptions): Promise<Student> {
    const { run, runner, signal, temperature, optimizer, passOver } = options;
    const { model, targets, adaptors } = studentGraph(run.student, run.matches, run.parameters);
    const teacher = new Teacher({
      session: run.teacher,
      samples: run.samples,
      targets,
      kept: run.kept,
      budget: TARGET_BYTES,
      signal,
    });
    const parameters = [...run.parameters, ...adaptors];
    const losses = (weights: readonly number[]): readonly Loss[] =>
      targets.map((target, at) => lossOf(target, temperature, weights[at]!));
    const first = await initialLosses(options, { model, targets, teacher, losses: losses(targets.map(() => 1)) });
    const weights = targets.map(({ match }, at) => (first[at]! > 0 ? match.share / first[at]! : match.share));
    const dims = batchDims(model, Math.min(options.batch, run.split.trained.length));
    const memory = options.memory === undefined ? undefined : { bytes: options.memory, dims };
    const training = trainingGraph({
      model,
      losses: losses(weights),
      optimizer,
      parameters,
      clipNorm: CLIP,
      passOver,
      ...(memory === undefined ? {} : { memory }),
    });
    const { peakBytes, unknown } = estimateMemory(training, dims);
    const estimate = unknown > MOST_UNKNOWN ? null : { stepBytes: peakBytes, segments: training.segments };
    const evaluated = evaluationGraph(
      { model, losses: losses(weights), outputs: [run.scores.student] },
      training.parameters,
    );
    const trainer = await Trainer.start(runner, training, TRAINING_SESSION, signal);
    const evaluation = await runner.load({ bytes: encodeModel(evaluated) }, TRAINING_SESSION, { signal });
    return new Student({ options, graph: model, trainer, evaluation, teacher, targets, weights, estimate });
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

  async evaluate(): Promise<Standing> {
    const { run, signal } = this.#options;
    const { heldOut } = run.split;
    let loss = 0;
    let agreement: Counted | null = null;
    let accuracy: Counted | null = null;
    for (let at = 0; at < heldOut.length; at += EVALUATED) {
      const places = heldOut.slice(at, at + EVALUATED);
      const items = places.map((sample) => ({ sample, view: 0 }));
      const feeds = { ...run.samples.feeds(items), ...(await this.#teacher.targetsOf(items)) };
      const names = this.#targets.map((target) => target.loss);
      const outputs = await this.#trainer.evaluate(this.#evaluation, feeds, {
        outputs: [...names, run.scores.student],
        signal,
      });
      loss +=
        places.length *
        weightedSum(
          names.map((name) => numberIn(outputs[name]!)),
          this.#weights,
        );
      const answers = answersOf(outputs[run.scores.student]!);
      agreement = added(agreement, countEqual(answers, await this.#answersTo(at, items)));
      const labels = run.samples.labels;
      const classes = labels === null ? null : Int32Array.from(places, (place) => labels[place]!);
      accuracy = added(accuracy, countEqual(answers, classes));
    }
    return { loss: loss / heldOut.length, agreement, accuracy };
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

  /** The layer in which the step went wrong: the first whose output is not finite; undefined: it was the loss or its gradient. */
  async whereNotFinite(step: number): Promise<string | undefined> {
    const { run, runner, signal } = this.#options;
    const weights = await this.#trainer.weights();
    const model = withWeights(run.student, this.parameters, weights);
    return firstNotFinite(model, run.samples.feeds(this.#order.at(step)), { runner, signal });
  }

  async close(): Promise<void> {
    await this.#trainer.close();
    await this.#evaluation.close();
  }

  /** What the teacher answers, asked once. */
  async #answersTo(at: number, items: readonly Item[]): Promise<Int32Array | null> {
    const { run, signal } = this.#options;
    const known = this.#answers.get(at);
    if (known !== undefined) return known;
    const output = run.scores.teacher;
    const given = await run.teacher.run(run.samples.feeds(items, run.teacher.inputs), { outputs: [output], signal });
    const answers = answersOf(given[output]!);
    this.#answers.set(at, answers);
    return answers;
  }
}

/** Each loss on the first training samples, before anything is trained. */
async function initialLosses(
  { run, runner, batch, signal }: LearnerOptions,
  parts: {
    readonly model: Model;
    readonly targets: readonly Target[];
    readonly teacher: Teacher;
    readonly losses: readonly Loss[];
  },
): Promise<readonly number[]> {
  const { model, targets, teacher, losses } = parts;
  if (targets.length === 1) return [targets[0]!.match.share];
  const session = await runner.load(
    { bytes: encodeModel(evaluationGraph({ model, losses, outputs: [] }, [])) },
    TRAINING_SESSION,
    { signal },
  );
  try {
    const items = run.split.trained.slice(0, batch).map((sample) => ({ sample, view: 0 }));
    const feeds = { ...run.samples.feeds(items), ...(await teacher.targetsOf(items)) };
    const outputs = await session.run(feeds, { outputs: targets.map(({ loss }) => loss), signal });
    return targets.map(({ loss }) => numberIn(outputs[loss]!));
  } finally {
    if (runner.alive) await session.close();
  }
}

/** Every open size of the inputs' first axes: the batch. */
function batchDims({ graph }: Model, batch: number): Record<string, number> {
  const names = graph.inputs.flatMap(({ type }) => (type?.kind === 'tensor' ? [type.shape?.[0]] : []));
  return Object.fromEntries(names.flatMap((name) => (typeof name === 'string' ? [[name, batch]] : [])));
}

const numberIn = ({ data }: HostTensor): number => Number((data as Float32Array)[0]);

const weightedSum = (values: readonly number[], weights: readonly number[]): number =>
  values.reduce((sum, value, at) => sum + value * weights[at]!, 0);

function added(sum: Counted | null, more: Counted | null): Counted | null {
  if (sum === null || more === null) return more;
  return { hits: sum.hits + more.hits, samples: sum.samples + more.samples };
}
