import type { Training } from '../../contract/training.ts';
import { evaluationGraph } from '../autograd/evaluation-graph.ts';
import type { Checkpoint } from '../autograd/trainer.ts';
import type { Parameter } from '../autograd/parameters.ts';
import { layOut, WEIGHTS, withWeights } from '../autograd/training-graph.ts';
import { indexGraph } from '../graph/index-graph.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { Session } from '../runtime/session.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { Block } from './blocks.ts';
import { Evaluation } from './evaluation.ts';
import { Student, type LearnerOptions, type TrainedStudent } from './learner.ts';
import type { Standing } from './train.ts';
import { weighTargets } from './weigh-targets.ts';

/** In a checkpoint, beside the state of the block that is trained: all weights, and which block it is. */
const ALL = 'blocks/weights';
const AT = 'blocks/at';

interface Judge {
  readonly evaluation: Evaluation;
  readonly session: Session;
}

/**
 * A student whose blocks are trained one after the other, each towards the teacher's values at its end, on what the blocks
 * before it give by then. It is judged by all of them together at any time, so that what is held out has one curve.
 */
export class BlockStudent implements TrainedStudent {
  /** Of all blocks. */
  readonly parameters: readonly Parameter[];
  readonly #options: LearnerOptions;
  readonly #blocks: readonly Block[];
  readonly #stepsPerBlock: number;
  readonly #judge: Judge;
  #weights: Float32Array;
  #at = 0;
  #student: Student;

  private constructor(
    options: LearnerOptions,
    blocks: { readonly blocks: readonly Block[]; readonly stepsPerBlock: number },
    parts: {
      readonly parameters: readonly Parameter[];
      readonly weights: Float32Array;
      readonly judge: Judge;
      readonly student: Student;
    },
  ) {
    this.#options = options;
    this.#blocks = blocks.blocks;
    this.#stepsPerBlock = blocks.stepsPerBlock;
    this.parameters = parts.parameters;
    this.#weights = parts.weights;
    this.#judge = parts.judge;
    this.#student = parts.student;
  }

  /** @throws TRAIN_NO_GRADIENT; DATA_INVALID where the teacher gives NaN; RUNTIME_…, CANCELLED */
  static async start(
    options: LearnerOptions,
    blocks: { readonly blocks: readonly Block[]; readonly stepsPerBlock: number },
  ): Promise<BlockStudent> {
    const { run, signal } = options;
    const [runner, settings] = [run.lanes.runners[0]!, run.lanes.settings];
    const index = indexGraph(run.student.graph);
    const stored = blocks.blocks.flatMap((block) => block.parameters.map((name) => index.initializer(name)!));
    const parameters = layOut(stored);
    const weights = new Float32Array(parameters.reduce((sum, { count }) => sum + count, 0));
    stored.forEach((tensor, at) => weights.set(tensorValues(tensor) as Float32Array, parameters[at]!.offset));
    const matches = run.matches.filter((match) => blocks.blocks.some((block) => block.match.student === match.student));
    const judged = { ...run, matches };
    const weighed = await weighTargets(judged, { ...options, parameters: [] });
    const graph = evaluationGraph({ ...weighed, outputs: [run.scores.student] }, parameters);
    const session = await runner.load({ bytes: encodeModel(graph) }, settings, { signal });
    const evaluation = new Evaluation({ ...weighed, run: judged, signal });
    const student = await Student.start(ofBlock(options, blocks.blocks[0]!, { parameters, weights }));
    return new BlockStudent(options, blocks, { parameters, weights, judge: { evaluation, session }, student });
  }

  get blocked(): TrainedStudent['blocked'] {
    return this.#student.blocked;
  }

  get estimate(): Training['estimate'] {
    return this.#student.estimate;
  }

  async step(step: number, rate: number): Promise<number> {
    const at = Math.min(this.#blocks.length - 1, Math.floor(step / this.#stepsPerBlock));
    if (at !== this.#at) {
      this.#weights = await this.weights();
      await this.#enter(at);
    }
    return this.#student.step(step, rate);
  }

  async evaluate(): Promise<Standing> {
    const { evaluation, session } = this.#judge;
    const data = await this.weights();
    const weights: HostTensor = { dtype: 'float32', dims: [data.length], data };
    const { signal } = this.#options;
    return evaluation.standing((feeds, outputs) => session.run({ ...feeds, [WEIGHTS]: weights }, { outputs, signal }));
  }

  async save(): Promise<Checkpoint> {
    const { step, state } = await this.#student.save();
    const data = await this.weights();
    const [all, at] = [
      { dims: [data.length], data },
      { dims: [1], data: Float32Array.of(this.#at) },
    ];
    return { step, state: { ...state, [ALL]: { dtype: 'float32', ...all }, [AT]: { dtype: 'float32', ...at } } };
  }

  async restore({ step, state: given }: Checkpoint): Promise<void> {
    const { [ALL]: all, [AT]: at, ...state } = given;
    this.#weights = Float32Array.from(all!.data as Float32Array);
    const block = (at!.data as Float32Array)[0]!;
    if (block !== this.#at) await this.#enter(block);
    await this.#student.restore({ step, state });
  }

  /** Those of the block that is trained, in the place of those that it began with. */
  async weights(): Promise<Float32Array> {
    const all = this.#weights.slice();
    const own = await this.#student.weights();
    const places = new Map(this.parameters.map((parameter) => [parameter.name, parameter]));
    for (const { name, offset, count } of this.#student.parameters) {
      const place = places.get(name);
      if (place !== undefined) all.set(own.subarray(offset, offset + count), place.offset);
    }
    return all;
  }

  whereNotFinite(step: number): Promise<string | undefined> {
    return this.#student.whereNotFinite(step);
  }

  async close(): Promise<void> {
    await this.#student.close();
    await this.#judge.session.close();
  }

  async #enter(at: number): Promise<void> {
    await this.#student.close();
    const so = { parameters: this.parameters, weights: this.#weights };
    this.#student = await Student.start(ofBlock(this.#options, this.#blocks[at]!, so));
    this.#at = at;
  }
}

/** What trains one block, with all weights as they are. */
function ofBlock(
  options: LearnerOptions,
  { match, parameters: own }: Block,
  { parameters, weights }: { readonly parameters: readonly Parameter[]; readonly weights: Float32Array },
): LearnerOptions {
  const student = withWeights(options.run.student, parameters, weights);
  return { ...options, run: { ...options.run, student, matches: [match], parameters: own } };
}
