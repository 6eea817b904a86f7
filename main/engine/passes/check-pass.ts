import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { makeModelInputs } from '../runtime/make-inputs.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { compareOutputs, runOnce, type OutputComparison } from './compare-outputs.ts';

/** float32 rounding through a deep network leaves some 100 dB; an operator that computes something else, less than 60. */
export const EQUAL_DB = 70;

/**
 * Runs a model before and after a pass on the same inputs.
 * @param feeds real inputs; undefined: made ones
 * @param leastDb signal to noise that counts as equal
 * @returns what differs beyond rounding, in words; null when every output is equal
 * @throws when the model before does not run, as `runOnce`; CANCELLED
 */
export async function checkPass(
  models: { readonly before: Model; readonly after: Model },
  feeds: HostTensors | undefined,
  runner: Runner,
  context: Pick<TaskContext, 'signal'>,
  leastDb = EQUAL_DB,
): Promise<string | null> {
  const inputs = feeds ?? makeModelInputs(models.before, { batch: 1, dims: {} }).feeds;
  const expected = await runOnce(models.before, inputs, runner, context, { unpacked: true });
  try {
    const got = await runOnce(models.after, inputs, runner, context, { unpacked: true });
    return describeDifference(compareOutputs(expected, got), leastDb);
  } catch (error) {
    if (isRefusal(error)) return `it does not run (${error.message})`;
    throw error;
  }
}

/** Whether the runtime refused a model, or could not run it, rather than died or was stopped. */
export function isRefusal(error: unknown): error is StudioError {
  return error instanceof StudioError && (error.code === 'RUNTIME_LOAD_FAILED' || error.code === 'RUNTIME_RUN_FAILED');
}

/** The first output that is not as promised, in words; null when all are. @param leastDb signal to noise that counts as equal */
export function describeDifference(outputs: readonly OutputComparison[], leastDb: number): string | null {
  for (const { name, expected, got, sqnrDb, lost } of outputs) {
    if (got === undefined) return `it gives no output '${name}'`;
    const [form, other] = [expected, got].map(({ dtype, dims }) => `${dtype} [${dims.join(', ')}]`);
    if (form !== other) return `output '${name}' is ${other}, expected ${form}`;
    if (lost > 0) return `output '${name}' has ${lost} elements that are NaN or infinite and should be numbers`;
    // Indices may flip where two scores are equal but for rounding.
    const least = /^(float|bfloat|double)/.test(expected.dtype) ? leastDb : Math.min(leastDb, 20);
    if (sqnrDb < least) return `output '${name}' differs: ${sqnrDb.toFixed(1)} dB, expected at least ${least} dB`;
  }
  return null;
}
