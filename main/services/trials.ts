import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Params } from '../contract/methods.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Trial } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import { describeError } from '../jobs/job-queue.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { measureEvaluation, measureLatency } from './measuring.ts';
import { requireModel } from './models.ts';
import { describeRecipe } from './recipe-text.ts';
import type { StudioContext } from './studio.ts';
import { requireOutput, tellTrial } from './trial-state.ts';

type TrialMethods =
  | 'trial.list'
  | 'trial.rename'
  | 'trial.delete'
  | 'trial.run'
  | 'trial.graph'
  | 'trial.tensor'
  | 'trial.compare'
  | 'prune.plan'
  | 'quantize.plan';

/** Trials: making, naming, looking into and comparing them. */
export function trialHandlers(context: StudioContext): Pick<Handlers, TrialMethods> {
  const { workspace, jobs, emit, ask } = context;
  return {
    'trial.list': ({ modelId }) => workspace.trials(modelId),
    'trial.rename': ({ trialId, name }) => {
      workspace.trial(trialId);
      workspace.updateTrial(trialId, { name });
      return tellTrial(context, trialId);
    },
    'trial.delete': ({ trialId }) => {
      const trial = workspace.trial(trialId);
      if (trial.baseline) throw new StudioError('USAGE', 'The baseline cannot be deleted: it is the opened file');
      if (trial.status === 'running') {
        throw new StudioError('USAGE', `'${trial.name}' is being measured`, { hint: 'Cancel its job first.' });
      }
      workspace.deleteTrial(trialId);
      emit('trial.deleted', { id: trialId, modelId: trial.modelId });
      return null;
    },
    'trial.run': (params) => {
      const model = requireModel(context, params.modelId);
      if (params.recipe.steps.length === 0)
        throw new StudioError('RECIPE_INVALID', 'The recipe has no steps', { hint: 'Add one.' });
      const trialId = trialIdOf(context, params);
      const name = params.name ?? describeRecipe(params.recipe);
      return jobs.add({ title: `${name}: ${model.name}`, modelId: model.id, trialId }, (task) =>
        runTrial(context, { ...params, name, trialId }, task),
      );
    },
    'trial.graph': ({ trialId }) => ask('graph', { path: requireOutput(context, trialId) }),
    'trial.tensor': ({ trialId, tensor }) => ask('tensor', { path: requireOutput(context, trialId), tensor }),
    'trial.compare': ({ a, b }) => ask('compare', { a: compareSide(context, a), b: compareSide(context, b) }),
    'prune.plan': ({ modelId }) => ask('prunePlan', { path: requireModel(context, modelId).path }),
    'quantize.plan': ({ modelId }) => ask('quantizePlan', { path: requireModel(context, modelId).path }),
  };
}

/** The same recipe on the same model with the same calibration data is the same trial. */
function trialIdOf({ workspace }: StudioContext, params: Params<'trial.run'>): string {
  const calibration = usesCalibration(params.recipe) ? params.calibrationDatasetId : null;
  if (calibration !== null) workspace.dataset(calibration);
  const key = JSON.stringify([params.modelId, params.recipe, calibration]);
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

function usesCalibration(recipe: Recipe): boolean {
  return recipe.steps.some((step) => 'quantize' in step);
}

interface TrialRun extends Omit<Params<'trial.run'>, 'name'> {
  readonly trialId: string;
  readonly name: string;
}

/**
 * Makes the trial's model, then measures it. What was measured before a cancel or a failure stays; a model is written
 * whole or not at all. A trial that was measured before stays so when measuring it again is cancelled.
 */
async function runTrial(context: StudioContext, run: TrialRun, task: TaskContext): Promise<Trial> {
  const { workspace } = context;
  const { trialId, modelId, name, recipe } = run;
  const wasDone = workspace.trials(modelId).some((trial) => trial.id === trialId && trial.status === 'done');
  workspace.beginTrial({ id: trialId, modelId, name, recipe, baseline: false, createdAt: Date.now() }, 'running');
  tellTrial(context, trialId);
  try {
    await makeOutput(context, run, task);
    tellTrial(context, trialId);
    if (run.datasetId !== null) {
      await measureEvaluation(
        context,
        { trialId, datasetId: run.datasetId, limit: run.limit, settings: run.settings },
        task,
      );
      tellTrial(context, trialId);
    }
    if (run.latency) await measureLatency(context, { trialId, settings: run.settings }, task);
    workspace.updateTrial(trialId, { status: 'done', error: null });
    return tellTrial(context, trialId);
  } catch (error) {
    const shown = describeError(error);
    const cancelled = task.signal.aborted || shown.code === 'CANCELLED';
    try {
      const status = cancelled ? (wasDone ? 'done' : 'cancelled') : 'failed';
      workspace.updateTrial(trialId, { status, error: cancelled ? null : shown });
      tellTrial(context, trialId);
    } catch (cause) {
      // On a full disk nothing can be noted any more: the next engine closes the trial. What happened first is told.
      if (!(cause instanceof StudioError && cause.code === 'WRITE_FAILED')) throw cause;
    }
    throw error;
  }
}

async function makeOutput(context: StudioContext, run: TrialRun, task: TaskContext): Promise<void> {
  const { workspace, work } = context;
  const { trialId, calibrationDatasetId, recipe, settings } = run;
  const output = join(workspace.folder('trials'), `${trialId}.onnx`);
  const applied = await work.call(
    'apply',
    {
      path: requireModel(context, run.modelId).path,
      recipe,
      calibration: calibrationDatasetId === null ? null : datasetSource(workspace.dataset(calibrationDatasetId)),
      settings,
      output,
    },
    task,
  );
  const { bytes, parameters, sparsity, macs } = applied;
  workspace.updateTrial(trialId, { recipe: applied.recipe, outputPath: output, bytes, parameters, sparsity, macs });
  const at = Date.now();
  if (applied.prune !== null) workspace.saveResult(trialId, 'prune', applied.prune, at);
  if (applied.quantize !== null) workspace.saveResult(trialId, 'quantize', applied.quantize, at);
}

function compareSide(context: StudioContext, trialId: string) {
  const trial = context.workspace.trial(trialId);
  return {
    id: trial.id,
    name: trial.name,
    path: requireOutput(context, trialId),
    profile: context.workspace.result(trialId, 'profile'),
    latency: trial.latency,
    evaluation: trial.evaluation,
  };
}
