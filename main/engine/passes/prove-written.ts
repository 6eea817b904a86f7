import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { makeModelInputs } from '../runtime/make-inputs.ts';
import type { Runner } from '../runtime/runner.ts';
import type { ModelSource } from '../runtime/settings.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { compareOutputs, runOnce, type OutputComparison } from './compare-outputs.ts';
import { describeDifference, EQUAL_DB, isRefusal } from './check-pass.ts';

/** What was promised of a written file. */
export interface Promised {
  /** The model as it was made and measured: the file must compute the same. */
  readonly model: Model;
  /** The model that it was made of: outputs of the same names, types and shapes, finite where its are. Undefined: any. */
  readonly source?: Model | undefined;
  /** Inputs to run both on, from calibration or evaluation data; undefined: made ones. */
  readonly feeds?: HostTensors | undefined;
}

/**
 * Proves that a written model is what was promised: the runtime loads the file as it lies there, runs it once, and every
 * output equals that of the model in memory (to rounding) and has the form of the source's. For `saveModel`'s `prove`,
 * so that nothing stays that does not load. Where no inputs are given and the source itself does not run on made ones, the
 * file must load.
 * @param path the file that was written, its external data beside it
 * @throws RUNTIME_LOAD_FAILED or RUNTIME_RUN_FAILED with the reason; RUNTIME_DIED, CANCELLED
 */
export async function proveWritten(
  path: string,
  promised: Promised,
  runner: Runner,
  context: TaskContext,
): Promise<void> {
  context.progress({ stage: 'Trying the file', done: 0, total: 1 });
  const proof = new Proof({ path }, runner, context);
  const feeds = promised.feeds ?? madeInputs(promised.model);
  const source = feeds === undefined ? undefined : await proof.sourceOutputs(promised, feeds);
  if (feeds === undefined || source === undefined) await proof.load();
  else {
    await proof.equals(promised.model, feeds);
    proof.hasFormOf(source);
  }
  context.progress({ stage: 'Trying the file', done: 1, total: 1 });
}

/** undefined for inputs that cannot be made: sequences, inputs of unknown rank. */
function madeInputs(model: Model): HostTensors | undefined {
  try {
    return makeModelInputs(model, { batch: 1, dims: {} }).feeds;
  } catch (error) {
    if (error instanceof StudioError) return undefined;
    throw error;
  }
}

class Proof {
  readonly #file: ModelSource;
  readonly #runner: Runner;
  readonly #context: TaskContext;
  #outputs: HostTensors = {};

  constructor(file: ModelSource, runner: Runner, context: TaskContext) {
    this.#file = file;
    this.#runner = runner;
    this.#context = context;
  }

  /**
   * What the source gives; nothing where the runtime refuses it (two nodes of one name, say) or none is named.
   * @returns undefined where it does not run on inputs that were made for it
   */
  async sourceOutputs({ source, feeds: given }: Promised, feeds: HostTensors): Promise<HostTensors | undefined> {
    if (source === undefined) return {};
    try {
      return await this.#run(source, feeds);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (error.code === 'RUNTIME_LOAD_FAILED') return {};
      if (given === undefined) return undefined;
      throw error;
    }
  }

  async load(): Promise<void> {
    const settings = { provider: 'cpu', threads: null } as const;
    const { signal } = this.#context;
    const session = await this.#runner.load(this.#file, settings, { signal }).catch((error: unknown) => refuse(error));
    await session.close();
  }

  async equals(model: Model, feeds: HostTensors): Promise<void> {
    this.#outputs = await this.#run(this.#file, feeds).catch((error: unknown) => refuse(error));
    const expected = await this.#run(model, feeds).catch((error: unknown) => refuse(error));
    const problem = describeDifference(compareOutputs(expected, this.#outputs), EQUAL_DB);
    if (problem === null) return;
    // A model that throws dice differs from itself as well: then only the form was promised.
    const again = await this.#run(model, feeds);
    if (describeDifference(compareOutputs(expected, again), EQUAL_DB) === null) throw notAsPromised(problem);
    this.hasFormOf(expected);
  }

  /** Only the form: how far the numbers may be from the source's is what is measured later. */
  hasFormOf(source: HostTensors): void {
    const form = describeDifference(compareOutputs(source, this.#outputs).map(formOnly), 0);
    if (form !== null) throw notAsPromised(form);
  }

  #run(model: Model | ModelSource, feeds: HostTensors): Promise<HostTensors> {
    return runOnce(model, feeds, this.#runner, this.#context);
  }
}

/** What is finite in the source must stay finite; rounded indices and the like may differ. */
function formOnly(row: OutputComparison): OutputComparison {
  return { ...row, sqnrDb: Infinity };
}

const HINT = 'Nothing was written. Try other settings, and leave out the layer that the message names.';

function notAsPromised(problem: string): StudioError {
  return new StudioError('RUNTIME_RUN_FAILED', `The written model does not compute what was promised: ${problem}`, {
    hint: HINT,
  });
}

function refuse(error: unknown): never {
  if (isRefusal(error)) {
    throw new StudioError(error.code, `The model that was made does not run: ${error.message}`, {
      hint: HINT,
      cause: error,
    });
  }
  throw error;
}
