import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runSettingsSchema } from '../contract/machine.ts';
import type { Params } from '../contract/methods.ts';
import { errorsSchema, type ErrorTable, type Profile } from '../contract/results.ts';
import type { JobKind, Trial } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import type { StartedJob } from '../jobs/job-queue.ts';
import type { DatasetSource } from './operations/operation-map.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { measureAccuracy } from './measure-accuracy.ts';
import { measureLatency } from './measure-latency.ts';
import { requireModel } from './models.ts';
import { measureProfile } from './measure-profile.ts';
import type { StudioContext } from './studio-context.ts';
import { baselineOf, requireOutput, tellTrial } from './trial-state.ts';

type MeasureMethods =
  | 'trial.profile.run'
  | 'trial.profile'
  | 'trial.evaluate'
  | 'trial.measure'
  | 'trial.errors.run'
  | 'trial.errors'
  | 'dataset.tryPresets'
  | 'trial.runOnce'
  | 'trial.energy.run'
  | 'trial.suspects.run'
  | 'trial.suspects'
  | 'trial.values'
  | 'dataset.sample'
  | 'dataset.preview';

/** Samples that are shown of data that may be added. */
const SHOWN = 4;

/** Measuring trials again or further: profile, accuracy, quantization errors. */
export function measureHandlers(context: StudioContext): Pick<Handlers, MeasureMethods> {
  const { workspace } = context;
  return {
    'trial.profile.run': (params) =>
      measureJob(context, params.trialId, { kind: 'profile', verb: 'Profile' }, (task) =>
        profileTrial(context, params, task),
      ),
    'trial.profile': ({ trialId }) => workspace.result(trialId, 'profile'),
    'trial.evaluate': (params) =>
      measureJob(context, params.trialId, { kind: 'evaluate', verb: 'Evaluate' }, (task) =>
        measureAccuracy(context, params, task),
      ),
    'trial.measure': (params) => measureTrialsJob(context, params),
    'trial.errors.run': (params) =>
      measureJob(context, params.trialId, { kind: 'errors', verb: 'Measure errors' }, (task) =>
        errors(context, params, task),
      ),
    'trial.energy.run': (params) =>
      measureJob(context, params.trialId, { kind: 'measure', verb: 'Measure energy of' }, async (task) => {
        const path = await requireOutput(context, params.trialId);
        return context.work.call('energy', { path, settings: params.settings }, task);
      }),
    'trial.runOnce': (params) =>
      measureJob(context, params.trialId, { kind: 'measure', verb: 'Run' }, async (task) => {
        const path = await requireOutput(context, params.trialId);
        const { datasetId, sample, settings } = params;
        const data = datasetId === null ? null : datasetSource(await workspace.dataset(datasetId));
        return context.work.call('runReport', { path, settings, inputs: null, data, sample }, task);
      }),
    'trial.suspects': ({ trialId }) => workspace.result(trialId, 'suspects'),
    'trial.suspects.run': (params) =>
      measureJob(context, params.trialId, { kind: 'measure', verb: 'Look at values of' }, async (task) => {
        const { trialId, datasetId, dims, limit } = params;
        const path = await requireOutput(context, trialId);
        const data = datasetSource(await workspace.dataset(datasetId));
        const suspects = await context.work.call('suspects', { path, data, dims, limit }, task);
        await workspace.record(trialId, { results: { suspects }, at: Date.now() });
        return suspects;
      }),
    'dataset.sample': async ({ modelId, datasetId, index }) => {
      const { path } = await requireModel(context, modelId);
      return context.ask('samplePicture', { path, data: datasetSource(await workspace.dataset(datasetId)), index });
    },
    'dataset.preview': async ({ modelId, ...data }) =>
      context.ask('dataPreview', { path: (await requireModel(context, modelId)).path, data, pictures: SHOWN }),
    'dataset.tryPresets': async ({ modelId, path, labelsPath, preprocessing, limit, settings }) => {
      const { name, path: model } = await requireModel(context, modelId);
      const data = { path: resolve(path), labelsPath, preprocessing };
      return context.jobs.add({ kind: 'evaluate', title: `Try presets with ${name}`, modelId, trialId: null }, (task) =>
        context.work.call('tryPresets', { path: model, data, settings, limit }, task),
      );
    },
    'trial.values': async ({ trialId, layer, datasetId }) => {
      const trial = await workspace.trial(trialId);
      const first = trial.recipe.steps.findIndex((step) => step.off !== true);
      const step = trial.recipe.steps[first];
      if (trial.baseline || step === undefined || !('quantize' in step)) {
        throw new StudioError('USAGE', 'Values are shown of trials whose first step is quantization', {
          hint: 'Choose such a trial: behind other steps the layers are not those of the opened model.',
        });
      }
      const quantized = await requireOutput(context, trialId);
      const float = (await requireModel(context, trial.modelId)).path;
      const data = datasetSource(await workspace.dataset(datasetId));
      return context.ask('layerValues', { float, quantized, layer, data });
    },
    'trial.errors': async ({ trialId }) => {
      const kept = await workspace.result(trialId, 'errors');
      // Tables of older versions lack what was added since.
      return kept === null ? null : errorsSchema.parse(kept);
    },
  };
}

/** A job on one trial that tells all windows when the trial's results changed. */
async function measureJob<T>(
  context: StudioContext,
  trialId: string,
  { kind, verb }: { readonly kind: JobKind; readonly verb: string },
  measure: (task: TaskContext) => Promise<T>,
): Promise<StartedJob<T>> {
  const trial = await context.workspace.trial(trialId);
  const model = await context.workspace.model(trial.modelId);
  const title = `${verb} ${trial.baseline ? (model?.name ?? trial.name) : trial.name}`;
  return context.jobs.add({ kind, title, modelId: trial.modelId, trialId }, async (task) => {
    const result = await measure(task);
    await tellTrial(context, trialId);
    return result;
  });
}

/** Brings trials to a common ground, one after the other; what was measured before a cancel stays. */
async function measureTrials(
  context: StudioContext,
  { trialIds, settings, latency, evaluation }: Params<'trial.measure'>,
  task: TaskContext,
): Promise<Trial[]> {
  for (const trialId of await withoutCovered(context, trialIds)) {
    if (evaluation !== null) await measureAccuracy(context, { trialId, settings, ...evaluation }, task);
    if (latency) await measureLatency(context, { trialIds: [trialId], settings }, task);
    await tellTrial(context, trialId);
  }
  return Promise.all(trialIds.map((trialId) => context.workspace.trial(trialId)));
}

/** A baseline is measured with each of its trials: alone only where none of them is asked for. */
async function withoutCovered({ workspace }: StudioContext, trialIds: readonly string[]): Promise<readonly string[]> {
  const trials = await Promise.all(trialIds.map((trialId) => workspace.trial(trialId)));
  const measured = new Set(trials.filter(({ baseline }) => !baseline).map(({ modelId }) => modelId));
  return trials.filter(({ baseline, modelId }) => !baseline || !measured.has(modelId)).map(({ id }) => id);
}

async function measureTrialsJob(context: StudioContext, params: Params<'trial.measure'>): Promise<StartedJob<Trial[]>> {
  const [first, ...more] = await Promise.all(params.trialIds.map((trialId) => context.workspace.trial(trialId)));
  const title = `Measure ${more.length === 0 ? first!.name : `${params.trialIds.length} trials`}`;
  const trialId = more.length === 0 ? first!.id : null;
  return context.jobs.add({ kind: 'measure', title, modelId: first!.modelId, trialId }, (task) =>
    measureTrials(context, params, task),
  );
}

async function profileTrial(
  context: StudioContext,
  params: Params<'trial.profile.run'>,
  task: TaskContext,
): Promise<Profile> {
  const trace = join(await context.workspace.folder('traces'), `${params.trialId}.json`);
  return measureProfile(context, { ...params, trace }, task);
}

async function errors(
  context: StudioContext,
  { trialId, datasetId, limit }: { trialId: string; datasetId: string; limit: number },
  task: TaskContext,
): Promise<ErrorTable> {
  const { workspace, work } = context;
  const trial = await workspace.trial(trialId);
  const baseline = await baselineOf(context, trial);
  if (trial.baseline || baseline === undefined) {
    throw new StudioError('USAGE', 'The baseline has no errors against itself', { hint: 'Choose a quantized trial.' });
  }
  const quantized = await requireOutput(context, trialId);
  const source = await requireOutput(context, baseline.id);
  const data = datasetSource(await workspace.dataset(datasetId));
  const compareWith = (float: string): Promise<ErrorTable> =>
    work.call('errors', { float, quantized, data, limit }, task);
  const table = { ...(await withFloatModel(context, { trial, source }, task, compareWith)), datasetId };
  await workspace.record(trialId, { results: { errors: table }, at: Date.now() });
  return table;
}

/** The data that a trial was made with; null: none. */
async function calibrationOf(
  workspace: StudioContext['workspace'],
  { calibration }: Trial,
): Promise<DatasetSource | null> {
  if (calibration === null) return null;
  return { ...datasetSource(await workspace.dataset(calibration.datasetId)), split: calibration.split };
}

/**
 * Quantization's own error is that against the model before the quantize step: where other steps come first, it is made
 * for the measurement and removed afterwards.
 */
async function withFloatModel<T>(
  { workspace, work }: StudioContext,
  { trial, source }: { trial: Trial; source: string },
  task: TaskContext,
  compare: (path: string) => Promise<T>,
): Promise<T> {
  const first = trial.recipe.steps.findIndex((step) => 'quantize' in step && step.off !== true);
  if (first <= 0) return compare(source);
  const recipe = { ...trial.recipe, steps: trial.recipe.steps.slice(0, first) };
  const settings = runSettingsSchema.parse({});
  const calibration = await calibrationOf(workspace, trial);
  const output = join(await workspace.folder('trials'), `${trial.id}.float.onnx`);
  try {
    await work.call('apply', { path: source, recipe, calibration, settings, output }, task);
    return await compare(output);
  } finally {
    await Promise.all([rm(output, { force: true }), rm(`${output}.data`, { force: true })]);
  }
}
