import { WHOLE_SET, type MeasuredData } from '../../contract/data.ts';
import { recipeSchema } from '../../contract/recipe.ts';
import { StudioError } from '../../base/errors.ts';
import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { splitIndices, splitSize } from '../../engine/dataset/split.ts';
import { saveModel } from '../../engine/onnx/save.ts';
import type { TaskContext } from '../../base/progress.ts';
import { applyRecipe, type AppliedRecipe as Outcome } from '../../engine/recipe/apply-recipe.ts';
import { proveWritten } from '../../engine/passes/prove-written.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { measuredData, openSource } from './datasets.ts';
import { inspect } from './inspect.ts';
import { openRunnable } from './opened-models.ts';
import type { AppliedRecipe, DatasetSource, OperationParams } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** Samples in a calibration batch: the ranges do not depend on it. */
const CALIBRATION_BATCH = 16;

/**
 * Makes a model by a recipe and writes it whole, or not at all: only what loads, runs and gives what was promised stays.
 * @throws USAGE when the recipe needs calibration data and there is none; what `applyRecipe`, `proveWritten` and `saveModel` throw
 */
export async function apply(
  { path, recipe, calibration, output }: OperationParams<'apply'>,
  context: TaskContext,
): Promise<AppliedRecipe> {
  const { signal, progress } = context;
  const opened = await openRunnable(path, signal);
  const data = await calibrationData(opened.model, calibration, signal);
  const { outcome, used, saved } = await withThreadRunner(signal, async (runner) => {
    const surroundings = { calibration: data.feeds, runner, vnni: machineInfo('').vnni };
    const made = await applyRecipe(opened.model, recipe, surroundings, context);
    const read = data.used();
    progress({ stage: 'Writing', done: 0, total: 1 });
    const feeds = calibration === null ? undefined : await firstBatch(data);
    const promised = { model: made.model, source: opened.model, feeds };
    const prove = (file: string): Promise<void> => proveWritten(file, promised, runner, context);
    const options = { overwrite: true, source: opened.path, signal, prove };
    return { outcome: made, used: read, saved: await saveModel(made.model, output, options) };
  });
  const before = await inspect({ path, dims: {}, scanWeights: false }, context);
  const after = await inspect({ path: saved.path, dims: {}, scanWeights: false }, context);
  const { prune, quantize } = describeOutcome(outcome, saved);
  return {
    recipe: recipeSchema.parse(outcome.recipe),
    bytes: saved.bytes,
    parameters: prune?.parameters.after ?? before.parameters,
    sparsity: prune?.sparsity.achieved ?? null,
    macs: after.macs,
    prune,
    quantize,
    calibration: used,
  };
}

interface CalibrationData {
  /** Typical inputs as the quantizer takes them: any number of samples from the start of the part, as often as it asks. */
  readonly feeds: (samples: number) => AsyncIterable<HostTensors>;
  /** What was read; null: nothing. */
  readonly used: () => MeasuredData | null;
}

/** Some of the calibration data, to try what was written on. */
async function firstBatch({ feeds }: CalibrationData): Promise<HostTensors | undefined> {
  for await (const batch of feeds(CALIBRATION_BATCH)) return batch;
  return undefined;
}

async function calibrationData(
  model: Model,
  source: DatasetSource | null,
  signal: AbortSignal,
): Promise<CalibrationData> {
  if (source === null) {
    const feeds = (): never => {
      throw new StudioError('USAGE', 'This recipe quantizes, which takes calibration data', {
        hint: 'Choose a data set of typical inputs.',
      });
    };
    return { feeds, used: () => null };
  }
  const dataset = await openSource(source);
  const split = source.split ?? WHOLE_SET;
  const inputs = inputPorts(model);
  let most = 0;
  async function* feeds(samples: number): AsyncGenerator<HostTensors, void, void> {
    most = Math.max(most, Math.min(samples, splitSize(dataset, split)));
    const indices = splitIndices(dataset, split, samples);
    for await (const batch of dataset.batches(inputs, CALIBRATION_BATCH, { indices, signal })) yield batch.feeds;
  }
  return { feeds, used: () => (most === 0 ? null : measuredData(dataset, split, most)) };
}

function describeOutcome(
  { prune, quantize }: Outcome,
  { path, bytes }: { readonly path: string; readonly bytes: number },
): Pick<AppliedRecipe, 'prune' | 'quantize'> {
  const output = { path, bytes };
  return {
    prune:
      prune === undefined
        ? null
        : { ...prune, output, layers: [...prune.layers], frozen: [...prune.frozen], notes: [...prune.notes] },
    quantize:
      quantize === undefined
        ? null
        : {
            output,
            scheme: quantize.step.scheme,
            layers: [...quantize.layers],
            fusedShare: quantize.fusedShare,
            notes: [...quantize.notes],
          },
  };
}
