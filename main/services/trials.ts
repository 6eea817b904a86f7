import { join } from 'node:path';
import type { Params } from '../contract/methods.ts';
import { stepParts } from '../contract/recipe/kinds.ts';
import type { Recipe } from '../contract/recipe/recipe.ts';
import type { Comparison, Trial } from '../contract/studio.ts';
import type { WidthTimes } from '../contract/width-times.ts';
import type { Training, TrainingOrder } from '../contract/training.ts';
import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import { describeError } from '../rpc/wire-error.ts';
import { compareFile } from './compare-file.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { measureAccuracy } from './measure-accuracy.ts';
import { measureLatency } from './measure-latency.ts';
import { requireModel } from './models.ts';
import type { CompareSide, DatasetSource } from './operations/operation-map.ts';
import { trialId } from '../engine/trial/identity.ts';
import { describeRecipe } from '../judge/recipe/words.ts';
import { partsOf } from './splits.ts';
import type { StudioContext } from './studio-context.ts';
import { allPairs, pairsAmong } from './trial-pairs.ts';
import { keepTimes } from './width-times.ts';
import { emitTrial, requireOutput, tellTrial } from './trial-state.ts';

type TrialMethods =
  | 'trial.list'
  | 'trial.get'
  | 'trial.details'
  | 'trial.rename'
  | 'trial.delete'
  | 'trial.run'
  | 'trial.graph'
  | 'trial.compare'
  | 'trial.compareFile'
  | 'trial.pairs'
  | 'prune.plan'
  | 'prune.channels'
  | 'quantize.plan';

/** Trials: making, naming, looking into and comparing them. */
export function trialHandlers(context: StudioContext): Pick<Handlers, TrialMethods> {
  const { workspace, jobs, emit, ask } = context;
  return {
    'trial.get': ({ trialId }) => workspace.trial(trialId),
    'trial.details': ({ trialId }) => workspace.trialDetails(trialId),
    'trial.list': ({ modelId }) => workspace.trials(modelId),
    'trial.rename': async ({ trialId, name }) => emitTrial(emit, await workspace.renameTrial(trialId, name)),
    'trial.delete': async ({ trialId }) => {
      const trial = await workspace.deleteTrial(trialId);
      emit('trial.deleted', { id: trialId, modelId: trial.modelId });
      return null;
    },
    'trial.run': async (params) => {
      const model = await requireModel(context, params.modelId);
      if (params.recipe.steps.every((step) => stepParts(step).off)) {
        throw new StudioError('RECIPE_INVALID', 'The recipe has no steps that are switched on', { hint: 'Add one.' });
      }
      const id = await trialIdOf(context, params);
      const name = params.name ?? describeRecipe(params.recipe);
      return jobs.add({ kind: 'trial', title: `${name}: ${model.name}`, modelId: model.id, trialId: id }, (task) =>
        runTrial(context, { ...params, name, trialId: id, order: 'go' }, task),
      );
    },
    'trial.graph': async ({ trialId }) => ask('graph', { path: await requireOutput(context, trialId) }),
    'trial.compare': ({ a, b, keys }) => compareTrials(context, [a, b], keys),
    'trial.compareFile': async ({ a, path, keys }) =>
      compareFile(context, await compareSide(context, await workspace.trial(a)), { path, keys }),
    'trial.pairs': ({ trialIds, metric, key }) => pairsAmong(context, trialIds, { metric, key }),
    'prune.plan': async ({ modelId }) => ask('prunePlan', { path: (await requireModel(context, modelId)).path }),
    'prune.channels': async ({ modelId }) => ask('channelPlan', { path: (await requireModel(context, modelId)).path }),
    'quantize.plan': async ({ modelId }) => ask('quantizePlan', { path: (await requireModel(context, modelId)).path }),
  };
}

/** The id under which this run's trial is kept. */
export async function trialIdOf(context: StudioContext, params: Params<'trial.run'>): Promise<string> {
  const { modelId, recipe, calibrationDatasetId: datasetId } = params;
  const { calibration } = await partsOfRun(context, params);
  const data = calibration === null || datasetId === null ? null : { datasetId, split: calibration.split };
  const { machine } = await context.ask('machine', {});
  return trialId({ modelId, recipe, calibration: data }, machine);
}

interface TrialRun extends Omit<Params<'trial.run'>, 'name'> {
  readonly trialId: string;
  readonly name: string;
  /** What a training in it does first. */
  readonly order: TrainingOrder;
}

/** A recipe in a few words leaves much out (which range was given, which layers are float): of two that read alike the later one is numbered. */
async function freeName({ workspace }: StudioContext, { trialId, modelId, name }: TrialRun): Promise<string> {
  const others = (await workspace.trials(modelId)).filter(({ id }) => id !== trialId);
  const taken = new Set(others.map((trial) => trial.name));
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} (${number})`;
  return free;
}

/**
 * Makes the trial's model, then measures it. What was measured before a cancel or a failure stays; a model is written
 * whole or not at all. A trial that was measured before stays so when measuring it again is cancelled.
 */
export async function runTrial(context: StudioContext, run: TrialRun, task: TaskContext): Promise<Trial> {
  const { workspace, trainings } = context;
  const { trialId, modelId, recipe } = run;
  const name = await freeName(context, run);
  const started = { id: trialId, modelId, name, recipe, baseline: false, createdAt: Date.now() };
  const wasDone = (await workspace.beginTrial(started, 'running')) === 'done';
  await tellTrial(context, trialId);
  trainings.begin(trialId, modelId, run.order);
  try {
    const parts = await partsOfRun(context, run);
    await makeOutput(context, run, parts.calibration, task);
    await tellTrial(context, trialId);
    if (run.datasetId !== null) {
      const { datasetId, limit, settings } = run;
      await measureAccuracy(context, { trialId, datasetId, split: parts.evaluation, limit, settings }, task);
      await tellTrial(context, trialId);
    }
    if (run.latency) await measureLatency(context, { trialIds: [trialId], settings: run.settings }, task);
    await workspace.record(trialId, { update: { status: 'done', error: null }, at: Date.now() });
    return await tellTrial(context, trialId);
  } catch (error) {
    const shown = describeError(error);
    const cancelled = task.signal.aborted || shown.code === 'CANCELLED';
    const training = trainings.end();
    try {
      const status = cancelled ? (wasDone ? 'done' : 'cancelled') : 'failed';
      const update = { status, error: cancelled ? null : shown } as const;
      const results = training === null ? {} : { results: { training } };
      await workspace.record(trialId, { update, ...results, at: Date.now() });
      await tellTrial(context, trialId);
      if (cancelled && training !== null && training.best > 0) keepBest(context, run);
    } catch (cause) {
      // On a full disk nothing can be noted any more: the next engine closes the trial. What happened first is told.
      if (!(cause instanceof StudioError && cause.code === 'WRITE_FAILED')) throw cause;
    }
    throw error;
  }
}

/** A cancelled training leaves its best state as the trial: a short job of its own, since the cancelled one ended at once. */
function keepBest(context: StudioContext, run: TrialRun): void {
  const { trialId, modelId, name } = run;
  const description = { kind: 'trial', title: `Keep the best of ${name}`, modelId, trialId } as const;
  const kept = context.jobs.add(description, (task) => runTrial(context, { ...run, order: 'stop' }, task));
  // The job tells of its own failure.
  kept.result.catch(() => undefined);
}

async function partsOfRun({ workspace }: StudioContext, run: Params<'trial.run'>) {
  const entryOf = async (id: string | null) => (id === null ? null : workspace.dataset(id));
  const [calibration, evaluation] = [await entryOf(run.calibrationDatasetId), await entryOf(run.datasetId)];
  const parts = partsOf(calibration, evaluation, run.split);
  const source = calibration === null ? null : { ...datasetSource(calibration), split: parts.calibration };
  return { calibration: source, evaluation: parts.evaluation };
}

async function makeOutput(
  context: StudioContext,
  run: TrialRun,
  calibration: DatasetSource | null,
  task: TaskContext,
): Promise<void> {
  const { workspace, work, trainings } = context;
  const { trialId, calibrationDatasetId, recipe, settings } = run;
  const output = join(await workspace.folder('trials'), `${trialId}.onnx`);
  const checkpoint = trains(recipe) ? join(await workspace.folder('trainings'), `${trialId}.checkpoint`) : null;
  const path = (await requireModel(context, run.modelId)).path;
  const models = await namedModels(context, recipe);
  const applied = await work.call(
    'apply',
    {
      path,
      recipe,
      calibration,
      settings,
      output,
      models,
      checkpoint,
      times: await timesFor(context, recipe),
      kept: await workspace.folder('calibrations'),
    },
    {
      signal: task.signal,
      progress: (progress) => {
        // Of all operations a training alone tells more.
        if (progress.told !== undefined) trainings.tell(progress.told as Training);
        task.progress(progress);
      },
    },
  );
  for (const times of applied.learnt) await keepTimes(context, times);
  const told = trainings.end();
  const training = applied.outcomes.findLast((outcome) => outcome.distill)?.distill?.training ?? told;
  const { bytes, parameters, sparsity, macs } = applied;
  const used =
    applied.calibration === null || calibrationDatasetId === null
      ? {}
      : { calibration: { ...applied.calibration, datasetId: calibrationDatasetId } };
  const update = { recipe: applied.recipe, outputPath: output, bytes, parameters, sparsity, macs, ...used };
  const results = {
    ...(applied.prune === null ? {} : { prune: applied.prune }),
    ...(applied.quantize === null ? {} : { quantize: applied.quantize }),
    ...(training === null ? {} : { training }),
    outcomes: applied.outcomes,
    sources: applied.sources,
  };
  await workspace.record(trialId, { update, results, at: Date.now() });
}

/** Of widths, where a step is aimed at a latency. */
async function timesFor({ workspace }: StudioContext, { steps }: Recipe): Promise<readonly WidthTimes[]> {
  const timed = steps.some((step) => 'prune' in step && 'target' in step.prune && 'latency' in step.prune.target);
  return timed ? workspace.widthTimes() : [];
}

function trains({ steps }: Recipe): boolean {
  return steps.some((step) => 'distill' in step && step.off !== true);
}

/** Files of the models that the steps of a recipe name, as far as this workspace has opened them. */
async function namedModels({ workspace }: StudioContext, { steps }: Recipe): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const step of steps) {
    const teacher = 'distill' in step ? step.distill.teacher : '';
    const model = teacher === '' ? undefined : await workspace.model(teacher);
    if (model !== undefined) found[model.id] = model.path;
  }
  return found;
}

async function compareTrials(
  context: StudioContext,
  ids: readonly [string, string],
  keys: readonly string[],
): Promise<Comparison> {
  const [a, b] = await Promise.all([context.workspace.trial(ids[0]), context.workspace.trial(ids[1])]);
  const pairs = await allPairs(context, a, b);
  const [sideA, sideB] = [await compareSide(context, a), await compareSide(context, b)];
  return context.ask('compare', { a: sideA, b: sideB, related: true, pairs, keys });
}

async function compareSide(context: StudioContext, { id, name, measurements }: Trial): Promise<CompareSide> {
  const { workspace } = context;
  const path = await requireOutput(context, id);
  const [profile, sources] = [await workspace.result(id, 'profile'), await workspace.result(id, 'sources')];
  return { id, name, path, sources, profile, measurements };
}
