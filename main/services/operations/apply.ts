import { WHOLE_SET, type MeasuredData } from '../../contract/data.ts';
import type { WidthTimes } from '../../contract/width-times.ts';
import type { Training } from '../../contract/training.ts';
import type {
  DistillResult,
  EqualizeResult,
  PruneResult,
  QuantizeResult,
  RepairResult,
  StepOutcomeResult,
} from '../../contract/results.ts';
import { StudioError } from '../../base/errors.ts';
import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import { checkpointFile } from '../../engine/distill/checkpoint.ts';
import type { TrainingHost } from '../../engine/distill/training-host.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { pickLabels } from '../../engine/dataset/select.ts';
import { splitIndices, splitSize } from '../../engine/dataset/split.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { DistillStepOutcome } from '../../engine/steps/distill.ts';
import type { PruneStepOutcome } from '../../engine/steps/prune.ts';
import type { EqualizeStepOutcome } from '../../engine/steps/equalize.ts';
import type { QuantizeStepOutcome } from '../../engine/steps/quantize.ts';
import type { OpenedFile } from '../../engine/onnx/open.ts';
import type { RepairStepOutcome } from '../../engine/steps/repair.ts';
import { makeModel, type MadeModel } from '../../engine/trial/make-model.ts';
import { formatBytes } from '../../judge/format.ts';
import { describeStep } from '../../judge/recipe/words.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { calibrationMemory } from './calibration-folder.ts';
import { compressedBytes, openedFiles, savedFiles } from './compressed-size.ts';
import { measuredData, openSource } from './datasets.ts';
import { inspect } from './inspect.ts';
import { openRunnable } from './opened-models.ts';
import type { AppliedRecipe, DatasetSource, OperationParams } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';
import { trainingOrder } from './training-orders.ts';

/** Samples in a calibration batch: the ranges do not depend on it. */
const CALIBRATION_BATCH = 16;

/**
 * Makes a model by a recipe and writes it whole, or not at all: only what loads, runs and gives what was promised stays.
 * @throws USAGE when the recipe needs calibration data and there is none; what `makeModel` throws
 */
export async function apply(
  {
    path,
    recipe,
    calibration,
    output,
    models = {},
    checkpoint = null,
    times = [],
    kept = null,
  }: OperationParams<'apply'>,
  context: TaskContext,
): Promise<AppliedRecipe> {
  const { signal } = context;
  const opened = await openRunnable(path, signal);
  const data = await calibrationData(opened.model, calibration, signal);
  const learnt: WidthTimes[] = [];
  const memory = kept === null || calibration === null ? {} : { memory: await calibrationMemory(kept, calibration) };
  const made = await withThreadRunner(signal, (runner) =>
    makeModel(
      opened,
      {
        recipe,
        output,
      },
      {
        calibration: data.feeds,
        labels: data.labels,
        sampleFeeds: data.sampleFeeds,
        runner,
        ...memory,
        vnni: machineInfo('').vnni,
        modelOf: (sha256) => openNamed(models, sha256, signal),
        training: trainingHost(checkpoint, context),
        times: { known: times, keep: (each) => learnt.push(each) },
      },
      context,
    ),
  );
  const before = await inspect({ path, dims: {}, scanWeights: false }, context);
  const after = await inspect({ path: made.saved.path, dims: {}, scanWeights: false }, context);
  const outcomes = describeOutcomes(made, await packedSizes(opened, made, signal));
  const prune = outcomes.findLast((outcome) => outcome.prune !== null)?.prune ?? null;
  const quantize = outcomes.findLast((outcome) => outcome.quantize !== null)?.quantize ?? null;
  return {
    recipe: made.recipe,
    bytes: made.saved.bytes,
    parameters: prune?.parameters.after ?? before.parameters,
    sparsity: prune?.sparsity.achieved ?? null,
    macs: after.macs,
    prune,
    quantize,
    outcomes,
    calibration: data.used(),
    sources: Object.fromEntries(made.sources),
    learnt,
  };
}

/** @throws NOT_FOUND for a model that is not at hand, what opening it throws */
async function openNamed(
  models: Readonly<Record<string, string>>,
  sha256: string,
  signal: AbortSignal,
): Promise<Model> {
  const path = models[sha256];
  if (path !== undefined) return (await openRunnable(path, signal)).model;
  throw new StudioError('NOT_FOUND', `The model ${sha256.slice(0, 12)}…, which a step names, is not at hand`, {
    hint: 'Name its file with --teacher, or open it in the studio first.',
  });
}

function trainingHost(checkpoint: string | null, { progress }: TaskContext): TrainingHost {
  return {
    tell: (training) =>
      progress({ stage: trainingStage(training), done: training.step, total: training.steps, told: training }),
    order: trainingOrder,
    checkpoints: checkpoint === null ? undefined : checkpointFile(checkpoint),
    stepsBefore: checkpoint === null ? undefined : checkpointFile(`${checkpoint}.steps`),
  };
}

function trainingStage({ status, estimate }: Training): string {
  if (status !== 'preparing') return status === 'paused' ? 'Paused' : 'Distilling';
  return estimate === null
    ? 'Preparing training'
    : `Preparing training, about ${formatBytes(estimate.stepBytes)} of memory for a step`;
}

interface CalibrationData {
  /** Typical inputs as the quantizer takes them: any number of samples from the start of the part, as often as it asks. */
  readonly feeds: (samples: number) => AsyncIterable<HostTensors>;
  /** Classes of the first samples; null: unknown. */
  readonly labels: (samples: number) => Int32Array | null;
  /** Some of them, to try models on. */
  readonly sampleFeeds: () => Promise<HostTensors | undefined>;
  /** What was read by `feeds`; null: nothing. */
  readonly used: () => MeasuredData | null;
}

/** The data that calibrates, as steps take it. @throws USAGE once a step asks for some and there are none */
export async function calibrationData(
  model: Model,
  source: DatasetSource | null,
  signal: AbortSignal,
): Promise<CalibrationData> {
  if (source === null) {
    const feeds = (): never => {
      throw new StudioError('USAGE', 'This recipe has a step that takes calibration data', {
        hint: 'Choose a data set of typical inputs.',
      });
    };
    return { feeds, labels: () => null, sampleFeeds: () => Promise.resolve(undefined), used: () => null };
  }
  const dataset = await openSource(source);
  const split = source.split ?? WHOLE_SET;
  const inputs = inputPorts(model);
  let most = 0;
  async function* read(samples: number): AsyncGenerator<HostTensors, void, void> {
    const indices = splitIndices(dataset, split, samples);
    for await (const batch of dataset.batches(inputs, CALIBRATION_BATCH, { indices, signal })) yield batch.feeds;
  }
  const feeds = (samples: number): AsyncIterable<HostTensors> => {
    most = Math.max(most, Math.min(samples, splitSize(dataset, split)));
    return read(samples);
  };
  const sampleFeeds = async (): Promise<HostTensors | undefined> => {
    for await (const batch of read(CALIBRATION_BATCH)) return batch;
    return undefined;
  };
  const labels = (samples: number): Int32Array | null =>
    pickLabels(dataset.labels, splitIndices(dataset, split, samples));
  return { feeds, labels, sampleFeeds, used: () => (most === 0 ? null : measuredData(dataset, split, most)) };
}

/** What zeros are worth: the sizes of the files when they are packed; undefined where no weight was set to zero. */
async function packedSizes(opened: OpenedFile, made: MadeModel, signal: AbortSignal): Promise<PruneResult['packed']> {
  if (made.outcomes.every(({ kind }) => kind !== 'prune')) return undefined;
  return {
    before: await compressedBytes(openedFiles(opened), signal),
    after: await compressedBytes(await savedFiles(made.saved), signal),
  };
}

function describeOutcomes({ recipe, outcomes, saved }: MadeModel, packed: PruneResult['packed']): StepOutcomeResult[] {
  const output = { path: saved.path, bytes: saved.bytes };
  return outcomes.map((outcome, at) => ({
    kind: outcome.kind,
    words: describeStep(recipe.steps[at]!),
    notes: [...outcome.notes],
    prune: outcome.kind === 'prune' ? pruneResult(outcome.details, output, packed) : null,
    quantize: outcome.kind === 'quantize' ? quantizeResult(outcome.details, output) : null,
    repair: outcome.kind === 'repair' ? repairResult(outcome.details) : null,
    equalize: outcome.kind === 'equalize' ? equalizeResult(outcome.details) : null,
    distill: outcome.kind === 'distill' ? distillResult(outcome.details) : null,
  }));
}

type Output = PruneResult['output'];

function pruneResult(details: PruneStepOutcome['details'], output: Output, packed: PruneResult['packed']): PruneResult {
  const { layers, frozen, notes } = details;
  const sizes = packed === undefined ? {} : { packed };
  return { ...details, ...sizes, output, layers: [...layers], frozen: [...frozen], notes: [...notes] };
}

function quantizeResult(details: QuantizeStepOutcome['details'], output: Output): QuantizeResult {
  const { step, layers, fusedShare, notes } = details;
  return { output, scheme: step.scheme, layers: [...layers], fusedShare, notes: [...notes] };
}

function distillResult({ training, notes }: DistillStepOutcome['details']): DistillResult {
  return { training, notes: [...notes] };
}

function repairResult({ layers, leftOut, notes, ...details }: RepairStepOutcome['details']): RepairResult {
  return { ...details, layers: [...layers], leftOut: [...leftOut], notes: [...notes] };
}

function equalizeResult({ groups, leftOut, notes, method }: EqualizeStepOutcome['details']): EqualizeResult {
  const told = groups.map(({ from, to, ...group }) => ({ ...group, from: [...from], to: [...to] }));
  return { method, groups: told, leftOut: [...leftOut], notes: [...notes] };
}
