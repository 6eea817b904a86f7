import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runSettingsSchema, type RunSettings } from '../contract/machine.ts';
import type { ErrorTable, Evaluation, Profile } from '../contract/results.ts';
import type { JobKind, Trial } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import type { StartedJob } from '../jobs/job-queue.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { evaluationMeasurements, latencyMeasurements } from './measurements.ts';
import type { StudioContext } from './studio-context.ts';
import { requireOutput, tellTrial } from './trial-state.ts';

type MeasureMethods = 'trial.profile.run' | 'trial.profile' | 'trial.evaluate' | 'trial.errors.run' | 'trial.errors';

/** Measuring trials again or further: profile, accuracy, quantization errors. */
export function measureHandlers(context: StudioContext): Pick<Handlers, MeasureMethods> {
  const { workspace } = context;
  return {
    'trial.profile.run': (params) =>
      measureJob(context, params.trialId, { kind: 'profile', verb: 'Profile' }, (task) =>
        profile(context, params, task),
      ),
    'trial.profile': ({ trialId }) => workspace.result(trialId, 'profile'),
    'trial.evaluate': (params) =>
      measureJob(context, params.trialId, { kind: 'evaluate', verb: 'Evaluate' }, (task) =>
        measureEvaluation(context, params, task),
      ),
    'trial.errors.run': (params) =>
      measureJob(context, params.trialId, { kind: 'errors', verb: 'Measure errors' }, (task) =>
        errors(context, params, task),
      ),
    'trial.errors': ({ trialId }) => workspace.result(trialId, 'errors'),
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

/** Times a trial against its baseline, in turns, and keeps both. */
export async function measureLatency(
  context: StudioContext,
  { trialId, settings }: { trialId: string; settings: RunSettings },
  task: TaskContext,
): Promise<void> {
  const { workspace, work } = context;
  const trial = await workspace.trial(trialId);
  const baseline = await baselineOf(context, trial);
  const trialIds = baseline === undefined || trial.baseline ? [trialId] : [trialId, baseline.id];
  const paths = await Promise.all(trialIds.map((id) => requireOutput(context, id)));
  const { latencies, machine } = await work.call('latency', { paths, settings }, task);
  const at = Date.now();
  const software = await context.software();
  for (const [index, id] of trialIds.entries()) {
    const latency = latencies[index];
    if (latency === undefined) continue;
    const measurements = latencyMeasurements(latency, { machine, software, at });
    await workspace.record(id, { results: { latency }, measurements, at });
    if (id !== trialId) await tellTrial(context, id);
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
  const trial = await workspace.trial(trialId);
  const baseline = trial.baseline ? undefined : await baselineOf(context, trial);
  const data = datasetSource(await workspace.dataset(datasetId));
  const reference = baseline === undefined ? null : await requireOutput(context, baseline.id);
  const path = await requireOutput(context, trialId);
  const evaluation = await work.call('evaluate', { path, data, settings, limit, reference }, task);
  const at = Date.now();
  const { machine } = await ask('machine', {});
  const circumstances = {
    machine: { ...machine, provider: settings.provider },
    software: await context.software(),
    at,
  };
  const measurements = evaluationMeasurements(evaluation, datasetId, circumstances);
  await workspace.record(trialId, { results: { evaluation }, measurements, at });
  return evaluation;
}

async function profile(
  context: StudioContext,
  params: { trialId: string; settings: RunSettings; runs: number | null; warmup: number | null },
  task: TaskContext,
): Promise<Profile> {
  const { workspace, work } = context;
  const { trialId, settings, runs, warmup } = params;
  const path = await requireOutput(context, trialId);
  const trace = join(await workspace.folder('traces'), `${trialId}.json`);
  const result = await work.call('profile', { path, settings, runs, warmup, inputs: null, trace }, task);
  const at = Date.now();
  const software = await context.software();
  const { latency, machine } = result;
  const measurements = latencyMeasurements(latency, { machine, software, at });
  await workspace.record(trialId, { results: { profile: result, latency }, measurements, at });
  return result;
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
  const table = await withFloatModel(context, { trial, source }, task, compareWith);
  await workspace.record(trialId, { results: { errors: table }, at: Date.now() });
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
  const output = join(await workspace.folder('trials'), `${trial.id}.float.onnx`);
  try {
    await work.call('apply', { path: source, recipe, calibration: null, settings, output }, task);
    return await compare(output);
  } finally {
    await Promise.all([rm(output, { force: true }), rm(`${output}.data`, { force: true })]);
  }
}

async function baselineOf({ workspace }: StudioContext, trial: Trial): Promise<Trial | undefined> {
  return (await workspace.trials(trial.modelId)).find((other) => other.baseline);
}
