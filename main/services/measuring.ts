import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runSettingsSchema, type RunSettings } from '../contract/methods.ts';
import type { ErrorTable, Evaluation, Profile } from '../contract/results.ts';
import type { Trial } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import type { StartedJob } from '../jobs/job-queue.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { evaluationMeasurements, latencyMeasurements } from './measurements.ts';
import type { StudioContext } from './studio.ts';
import { requireOutput, tellTrial } from './trial-state.ts';

type MeasureMethods = 'trial.profile.run' | 'trial.profile' | 'trial.evaluate' | 'trial.errors.run' | 'trial.errors';

/** Measuring trials again or further: profile, accuracy, quantization errors. */
export function measureHandlers(context: StudioContext): Pick<Handlers, MeasureMethods> {
  const { workspace } = context;
  return {
    'trial.profile.run': (params) =>
      measureJob(context, params.trialId, 'Profile', (task) => profile(context, params, task)),
    'trial.profile': ({ trialId }) => workspace.result(trialId, 'profile'),
    'trial.evaluate': (params) =>
      measureJob(context, params.trialId, 'Evaluate', (task) => measureEvaluation(context, params, task)),
    'trial.errors.run': (params) =>
      measureJob(context, params.trialId, 'Measure errors', (task) => errors(context, params, task)),
    'trial.errors': ({ trialId }) => workspace.result(trialId, 'errors'),
  };
}

/** A job on one trial that tells all windows when the trial's results changed. */
function measureJob<T>(
  context: StudioContext,
  trialId: string,
  verb: string,
  measure: (task: TaskContext) => Promise<T>,
): StartedJob<T> {
  const trial = context.workspace.trial(trialId);
  const model = context.workspace.model(trial.modelId);
  const title = `${verb} ${trial.baseline ? (model?.name ?? trial.name) : trial.name}`;
  return context.jobs.add({ title, modelId: trial.modelId, trialId }, async (task) => {
    const result = await measure(task);
    tellTrial(context, trialId);
    return result;
  });
}

/** Times a trial against its baseline, in turns, and keeps both. */
export async function measureLatency(
  context: StudioContext,
  { trialId, settings }: { trialId: string; settings: RunSettings },
  task: TaskContext,
): Promise<void> {
  const { workspace, work } = context;
  const trial = workspace.trial(trialId);
  const baseline = baselineOf(context, trial);
  const trialIds = baseline === undefined || trial.baseline ? [trialId] : [trialId, baseline.id];
  const paths = trialIds.map((id) => requireOutput(context, id));
  const { latencies, machine } = await work.call('latency', { paths, settings }, task);
  const at = Date.now();
  const software = await context.software();
  for (const [index, id] of trialIds.entries()) {
    const latency = latencies[index];
    if (latency === undefined) continue;
    workspace.saveResult(id, 'latency', latency, at);
    workspace.addMeasurements(id, latencyMeasurements(latency, { machine, software, at }));
    if (id !== trialId) tellTrial(context, id);
  }
}

interface EvaluationRequest {
  readonly trialId: string;
  readonly datasetId: string;
  readonly limit: number | null;
  readonly settings: RunSettings;
}

/** Evaluates a trial's model on labelled data, or against its baseline where there are no labels. */
export async function measureEvaluation(
  context: StudioContext,
  { trialId, datasetId, limit, settings }: EvaluationRequest,
  task: TaskContext,
): Promise<Evaluation> {
  const { workspace, work, ask } = context;
  const trial = workspace.trial(trialId);
  const baseline = trial.baseline ? undefined : baselineOf(context, trial);
  const data = datasetSource(workspace.dataset(datasetId));
  const reference = baseline === undefined ? null : requireOutput(context, baseline.id);
  const path = requireOutput(context, trialId);
  const evaluation = await work.call('evaluate', { path, data, settings, limit, reference }, task);
  const at = Date.now();
  const { machine } = await ask('machine', {});
  const circumstances = {
    machine: { ...machine, provider: settings.provider },
    software: await context.software(),
    at,
  };
  workspace.saveResult(trialId, 'evaluation', evaluation, at);
  workspace.addMeasurements(trialId, evaluationMeasurements(evaluation, datasetId, circumstances));
  return evaluation;
}

async function profile(
  context: StudioContext,
  params: { trialId: string; settings: RunSettings; runs: number | null; warmup: number | null },
  task: TaskContext,
): Promise<Profile> {
  const { workspace, work } = context;
  const { trialId, settings, runs, warmup } = params;
  const path = requireOutput(context, trialId);
  const trace = join(workspace.folder('traces'), `${trialId}.json`);
  const result = await work.call('profile', { path, settings, runs, warmup, inputs: null, trace }, task);
  const at = Date.now();
  const software = await context.software();
  workspace.saveResult(trialId, 'profile', result, at);
  workspace.saveResult(trialId, 'latency', result.latency, at);
  workspace.addMeasurements(trialId, latencyMeasurements(result.latency, { machine: result.machine, software, at }));
  return result;
}

async function errors(
  context: StudioContext,
  { trialId, datasetId, limit }: { trialId: string; datasetId: string; limit: number },
  task: TaskContext,
): Promise<ErrorTable> {
  const { workspace, work } = context;
  const trial = workspace.trial(trialId);
  const baseline = baselineOf(context, trial);
  if (trial.baseline || baseline === undefined) {
    throw new StudioError('USAGE', 'The baseline has no errors against itself', { hint: 'Choose a quantized trial.' });
  }
  const quantized = requireOutput(context, trialId);
  const source = requireOutput(context, baseline.id);
  const data = datasetSource(workspace.dataset(datasetId));
  const compareWith = (float: string): Promise<ErrorTable> =>
    work.call('errors', { float, quantized, data, limit }, task);
  const table = await withFloatModel(context, { trial, source }, task, compareWith);
  workspace.saveResult(trialId, 'errors', table, Date.now());
  return table;
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
  const first = trial.recipe.steps.findIndex((step) => 'quantize' in step);
  if (first <= 0) return compare(source);
  const recipe = { ...trial.recipe, steps: trial.recipe.steps.slice(0, first) };
  const settings = runSettingsSchema.parse({});
  const output = join(workspace.folder('trials'), `${trial.id}.float.onnx`);
  try {
    await work.call('apply', { path: source, recipe, calibration: null, settings, output }, task);
    return await compare(output);
  } finally {
    await Promise.all([rm(output, { force: true }), rm(`${output}.data`, { force: true })]);
  }
}

function baselineOf({ workspace }: StudioContext, trial: Trial): Trial | undefined {
  return workspace.trials(trial.modelId).find((other) => other.baseline);
}
