import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import { blockConvolutions, channelBlock } from '../passes/block-convolutions.ts';
import type { WeightedFiles } from '../runtime/exchange.ts';
import type { KeptValues } from '../runtime/protocol.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { SessionSettings } from '../runtime/settings.ts';
import { temporaryFolder } from '../runtime/temporary-folder.ts';
import { firstNumber, type HostTensors } from '../tensor/host-tensor.ts';
import { cutTraining, type CutTraining } from './cut-training.ts';
import { notFinite, stepNumbers, type Checkpoint, type StepOptions, type StepResult } from './trainer.ts';
import { NORM, WEIGHTS, type TrainingGraph } from './training-graph.ts';

/** A runner with a copy of the state. */
interface Replica {
  readonly runner: Runner;
  readonly gradient: Session;
  readonly update: Session;
  /** What the last update left there; null: nothing yet. */
  kept: KeptValues | null;
}

/**
 * Trains in several runners side by side: each computes the gradient of its part of the batch, all make the update with their mean, so that
 * the copies of the state stay equal to the bit. What moves values in the runtime runs on one thread; this keeps all cores busy.
 */
export class ParallelTrainer {
  readonly training: TrainingGraph;
  readonly #replicas: readonly Replica[];
  readonly #cut: CutTraining;
  /** Where the runners hand each other their gradients. */
  readonly #folder: string;
  #steps = 0;
  /** Fed in the first step, or after a checkpoint; then the state is in the runners. */
  #fed: HostTensors;

  private constructor(
    training: TrainingGraph,
    parts: { readonly cut: CutTraining; readonly replicas: readonly Replica[]; readonly folder: string },
  ) {
    this.training = training;
    this.#cut = parts.cut;
    this.#replicas = parts.replicas;
    this.#folder = parts.folder;
    this.#fed = training.initial;
  }

  /**
   * Loads both halves of the training graph in every runner.
   * @param settings of the sessions in each of them
   * @throws RUNTIME_LOAD_FAILED, RUNTIME_DIED, CANCELLED
   */
  static async start(
    runners: readonly Runner[],
    training: TrainingGraph,
    settings: SessionSettings,
    signal?: AbortSignal,
  ): Promise<ParallelTrainer> {
    const cut = cutTraining(training);
    const load = async (runner: Runner): Promise<Replica> => {
      const block = settings.provider === 'cpu' ? await channelBlock(runner) : undefined;
      const blocked = (model: Model): Model => (block === undefined ? model : blockConvolutions(model, block));
      const session = (model: Model): Promise<Session> =>
        runner.load({ bytes: encodeModel(model) }, settings, { signal });
      return { runner, gradient: await session(blocked(cut.gradient)), update: await session(cut.update), kept: null };
    };
    const replicas = await Promise.all(runners.map(load));
    return new ParallelTrainer(training, { cut, replicas, folder: await temporaryFolder() });
  }

  get steps(): number {
    return this.#steps;
  }

  /**
   * One step on one batch.
   * @param parts of the batch, one for each runner, with how many samples it has: by these the mean is weighted
   * @throws TRAIN_NOT_FINITE when loss or gradient are no finite numbers: the state is then that of before the step;
   *   SHAPE_MISMATCH, RUNTIME_…, CANCELLED
   */
  async step(
    parts: readonly { readonly feeds: HostTensors; readonly samples: number }[],
    { learningRate, signal }: Pick<StepOptions, 'learningRate' | 'signal'>,
  ): Promise<StepResult> {
    const { vector, losses } = this.#cut;
    const paths = parts.map((_, at) => join(this.#folder, String(at)));
    const given = await Promise.all(
      this.#replicas.map(async ({ gradient, kept }, at) => {
        const feeds = { ...parts[at]!.feeds, ...this.#fed };
        const { outputs } = await gradient.runKeeping(
          { feeds, from: kept },
          { outputs: losses, keep: [], handOver: { [vector]: paths[at]! } },
          { signal },
        );
        return outputs;
      }),
    );
    const total = parts.reduce((sum, { samples }) => sum + samples, 0);
    const shares = parts.map(({ samples }) => samples / total);
    const mean = (name: string): number =>
      given.reduce((sum, outputs, at) => sum + shares[at]! * firstNumber(outputs[name]!), 0);
    const step = this.#steps + 1;
    const loss = mean(losses[0]!);
    const gradients = { paths, shares, count: this.training.initial[WEIGHTS]!.data.length };
    const gradientNorm = await this.#update(gradients, { step, learningRate, loss, signal });
    return {
      step,
      loss,
      losses: Object.fromEntries(losses.slice(1).map((name) => [name, mean(name)])),
      gradientNorm,
      outputs: {},
    };
  }

  /** @returns the gradient's length */
  async #update(
    gradients: WeightedFiles,
    { step, learningRate, loss, signal }: Pick<StepOptions, 'learningRate' | 'signal'> & { step: number; loss: number },
  ): Promise<number> {
    const { rule, carried } = this.training;
    const feeds = { ...stepNumbers(rule, step, learningRate), ...this.#fed };
    const means = { [this.#cut.vector]: gradients };
    const runs = await Promise.all(
      this.#replicas.map(({ update, kept }) =>
        update.runKeeping({ feeds, means, from: kept }, { outputs: [NORM], keep: carried }, { signal }),
      ),
    );
    const gradientNorm = firstNumber(runs[0]!.outputs[NORM]!);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      await Promise.all(this.#replicas.map(({ runner }, at) => runner.release([runs[at]!.kept!])));
      throw notFinite(step, { loss, gradientNorm, learningRate });
    }
    await this.#replace(runs.map(({ kept }) => kept!));
    this.#steps = step;
    return gradientNorm;
  }

  /**
   * Runs a graph of the same model (see `evaluationGraph`) on the weights as they are.
   * @param session in the first runner
   * @throws SHAPE_MISMATCH, RUNTIME_…, CANCELLED
   */
  async evaluate(
    session: Session,
    feeds: HostTensors,
    { outputs, signal }: { readonly outputs: readonly string[]; readonly signal?: AbortSignal | undefined },
  ): Promise<HostTensors> {
    const { [WEIGHTS]: weights } = this.#fed;
    const given = weights === undefined ? feeds : { ...feeds, [WEIGHTS]: weights };
    const from = this.#replicas[0]!.kept;
    return (await session.runKeeping({ feeds: given, from }, { outputs, keep: [] }, { signal })).outputs;
  }

  /** All that is needed to go on elsewhere, brought over. */
  async checkpoint(): Promise<Checkpoint> {
    const { runner, kept } = this.#replicas[0]!;
    return { step: this.#steps, state: kept === null ? this.#fed : await runner.fetch(kept) };
  }

  /** Goes on from a checkpoint of the same training graph. */
  async resume({ step, state }: Checkpoint): Promise<void> {
    await this.#replace(null);
    this.#fed = state;
    this.#steps = step;
  }

  /** The trained weights, one vector in the order of `training.parameters`. */
  async weights(): Promise<Float32Array> {
    return (await this.checkpoint()).state[WEIGHTS]!.data as Float32Array;
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await Promise.all(this.#replicas.flatMap(({ gradient, update }) => [gradient.close(), update.close()]));
    await this.#replace(null);
  }

  async #replace(kept: readonly KeptValues[] | null): Promise<void> {
    this.#fed = {};
    const before = this.#replicas.map((replica) => replica.kept);
    this.#replicas.forEach((replica, at) => (replica.kept = kept?.[at] ?? null));
    await Promise.all(this.#replicas.map(({ runner }, at) => runner.release(before[at] ? [before[at]] : [])));
  }
}
