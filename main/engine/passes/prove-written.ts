import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { inputPorts } from '../runtime/input-dims.ts';
import { makeInputs } from '../runtime/make-inputs.ts';
import type { Runner } from '../runtime/runner.ts';
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
 * so that nothing stays that does not load.
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
  const feeds = promised.feeds ?? makeInputs(inputPorts(promised.model), { batch: 1, dims: {} }).feeds;
  const written = await runOnce({ path }, feeds, runner, context).catch((error: unknown) => refuse(error));
  const model = await runOnce(promised.model, feeds, runner, context).catch((error: unknown) => refuse(error));
  const problem = describeDifference(compareOutputs(model, written), EQUAL_DB);
  if (problem !== null) {
    // A model that throws dice differs from itself as well: then only the form was promised.
    const again = await runOnce(promised.model, feeds, runner, context);
    const steady = describeDifference(compareOutputs(model, again), EQUAL_DB) === null;
    const form = steady ? problem : describeDifference(compareOutputs(model, written).map(formOnly), 0);
    if (form !== null) throw notAsPromised(form);
  }
  if (promised.source !== undefined) {
    const source = await runOnce(promised.source, feeds, runner, context).catch((error: unknown) => {
      // A source that the runtime refuses (two nodes of one name, say) gives nothing to hold the file to.
      if (error instanceof StudioError && error.code === 'RUNTIME_LOAD_FAILED') return {};
      throw error;
    });
    // Only the form: how far the numbers may be from the source's is what is measured later.
    const form = describeDifference(compareOutputs(source, written).map(formOnly), 0);
    if (form !== null) throw notAsPromised(form);
  }
  context.progress({ stage: 'Trying the file', done: 1, total: 1 });
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
