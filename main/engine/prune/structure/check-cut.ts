import { StudioError } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import { describeDifference, EQUAL_DB, isRefusal } from '../../passes/check-pass.ts';
import { compareOutputs, runOnce } from '../../passes/compare-outputs.ts';
import { withRunnable } from '../../runtime/runnable-model.ts';
import { runOnMadeInputs } from '../../runtime/run-made.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { ModelSource } from '../../runtime/settings.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';

/**
 * Runs the masked model and the cut one on the same inputs: the outputs must be equal to float rounding.
 * @returns notes: that no inputs could be made, so that nothing was compared
 * @throws UNSUPPORTED when the cut model does not run or computes something else
 */
export async function checkCut(
  { masked, cut }: { readonly masked: Model; readonly cut: Model },
  { runner, sampleFeeds }: { readonly runner: Runner; readonly sampleFeeds: () => Promise<HostTensors | undefined> },
  context: TaskContext,
): Promise<readonly string[]> {
  context.progress({ stage: 'Comparing with the masked model', done: 0, total: 1 });
  const feeds = await sampleFeeds();
  const expected =
    feeds === undefined
      ? await onMade(masked, runner, context)
      : { feeds, outputs: await runOnce(masked, feeds, runner, context) };
  if (expected === undefined)
    return ['No inputs could be made, so the cut model was not compared with the masked one.'];
  const difference = await differenceOf(cut, expected, runner, context);
  if (difference === null) return [];
  throw new StudioError('UNSUPPORTED', `The cut model is not what was masked: ${difference}`, {
    hint: 'Leave the layers around it out, and report the model.',
  });
}

interface Expected {
  readonly feeds: HostTensors;
  readonly outputs: HostTensors;
}

async function differenceOf(
  cut: Model,
  { feeds, outputs }: Expected,
  runner: Runner,
  context: TaskContext,
): Promise<string | null> {
  try {
    const got = await runOnce(cut, feeds, runner, context);
    return describeDifference(compareOutputs(outputs, got), EQUAL_DB);
  } catch (error) {
    if (isRefusal(error)) return `it does not run (${error.message})`;
    throw error;
  }
}

/** undefined for models whose inputs cannot be made: sequences, inputs of unknown rank. */
function onMade(model: Model, runner: Runner, { signal }: TaskContext): Promise<Expected | undefined> {
  return withRunnable(model, (source) => runOnMade(model, source, runner, signal), { signal });
}

async function runOnMade(
  model: Model,
  source: ModelSource,
  runner: Runner,
  signal: AbortSignal,
): Promise<Expected | undefined> {
  const session = await runner.load(source, { provider: 'cpu', threads: null }, { signal });
  try {
    const { inputs, outputs } = await runOnMadeInputs(session, model, { batch: 1, dims: {} }, { signal });
    return { feeds: inputs.feeds, outputs };
  } catch (error) {
    if (error instanceof StudioError && (error.code === 'UNSUPPORTED' || error.code === 'SHAPE_MISMATCH'))
      return undefined;
    throw error;
  } finally {
    if (runner.alive) await session.close();
  }
}
