import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import type { Paired } from '../contract/measurement.ts';
import type { Recipe } from '../contract/recipe/recipe.ts';
import type { SearchRequest, SearchResult } from '../contract/search.ts';
import type { Trial } from '../contract/studio.ts';
import { recipeOf } from '../engine/search/choice.ts';
import { bestTrial, frontOf, type MeasuredQuality } from '../engine/search/rank.ts';
import { raceFinalists, searchPrecisions, type SearchPort, type SearchTrial } from '../engine/search/search.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { measureLatency } from './measure-latency.ts';
import { requireModel } from './models.ts';
import { partsOf } from './splits.ts';
import type { StudioContext } from './studio-context.ts';
import { runTrial, trialIdOf } from './trials.ts';

/** Searching for precisions: every trial is one of the model's, made and measured as any other. */
export function searchHandlers(context: StudioContext): Pick<Handlers, 'search.run'> {
  return {
    'search.run': async (params) => {
      const { id, name } = await requireModel(context, params.modelId);
      const description = { kind: 'search', title: `Search for ${name}`, modelId: id, trialId: null } as const;
      return context.jobs.add(description, (task) => search(context, params, task));
    },
  };
}

async function search(context: StudioContext, request: SearchRequest, task: TaskContext): Promise<SearchResult> {
  const { workspace, work } = context;
  const { modelId, calibrationDatasetId, datasetId, split, floor, minimize } = request;
  const { path } = await requireModel(context, modelId);
  const [calibration, evaluation] = [await workspace.dataset(calibrationDatasetId), await workspace.dataset(datasetId)];
  const source = { ...datasetSource(calibration), split: partsOf(calibration, evaluation, split).calibration };
  const { machine } = await context.ask('machine', {});
  let made = 0;
  // Of all that is done for a trial it is told which trial it is.
  const within: TaskContext = {
    signal: task.signal,
    progress: ({ stage }) => task.progress({ stage: `Trial ${made + 1}: ${stage}`, done: made, total: request.trials }),
  };
  const port: SearchPort = {
    measure: async (choice, name) => {
      const measured = await measure(context, request, { recipe: recipeOf(choice), name: `Search: ${name}` }, within);
      made++;
      return measured;
    },
    space: async (choice) =>
      (await work.call(
        'searchSpace',
        { path, calibration: source, recipe: recipeOf(choice), minimize, kept: await workspace.folder('calibrations') },
        task,
      )) ?? undefined,
    race: async (trialIds) => {
      const ratios = await measureLatency(context, { trialIds, settings: request.settings }, task);
      const raced = await Promise.all(trialIds.map(async (id) => [id, qualityOf(await workspace.trial(id))] as const));
      return new Map(
        raced.flatMap(([id, quality]) => {
          const latencyRatio = ratios.get(id);
          if (quality === undefined || latencyRatio === undefined) return [];
          return [[id, { latencyMs: quality.latencyMs, latencyRatio }] as const];
        }),
      );
    },
  };
  const trials: SearchTrial[] = [];
  for await (const trial of searchPrecisions(port, { ...request, vnni: machine.vnni }, task)) trials.push(trial);
  return describeSearch(await raceFinalists(trials, minimize, port), { floor, minimize });
}

/** Makes and measures a trial, or takes what was measured of it before. */
async function measure(
  context: StudioContext,
  request: SearchRequest,
  { recipe, name }: { readonly recipe: Recipe; readonly name: string },
  task: TaskContext,
): Promise<MeasuredQuality & { readonly id: string }> {
  const { modelId, calibrationDatasetId, datasetId, split, limit, settings } = request;
  const run = { modelId, calibrationDatasetId, datasetId, split, limit, settings, recipe, name, latency: true };
  const trialId = await trialIdOf(context, run);
  const known = (await context.workspace.trials(modelId)).find(({ id }) => id === trialId);
  const measured = known === undefined ? undefined : qualityOf(known);
  return measured ?? qualityOf(await runTrial(context, { ...run, trialId, order: 'go' }, task)) ?? unmeasured(name);
}

function unmeasured(name: string): never {
  throw new StudioError('INTERNAL', `The trial '${name}' was made but not measured`);
}

/** What was measured of a trial beside its baseline; undefined: it was not measured whole. */
function qualityOf({
  id,
  status,
  bytes,
  latency,
  evaluation,
  pairs,
}: Trial): (MeasuredQuality & { id: string }) | undefined {
  const newest = (metric: string): Paired | undefined => pairs.findLast((pair) => pair.metric === metric);
  const ratio = newest('latency');
  if (status !== 'done' || bytes === null || latency === null || evaluation === null || ratio === undefined)
    return undefined;
  const accuracy = newest('top1');
  return {
    id,
    drop: accuracy === undefined ? null : -accuracy.value,
    agreement: evaluation.agreement?.value ?? null,
    sqnrDb: evaluation.sqnrDb,
    latencyMs: latency.p50Ms,
    latencyRatio: ratio.value,
    bytes,
  };
}

/** What a search found, as it crosses the wire and stands in JSON. */
export function describeSearch(
  trials: readonly SearchTrial[],
  { floor, minimize }: Pick<SearchRequest, 'floor' | 'minimize'>,
): SearchResult {
  return {
    floor,
    minimize,
    trials: trials.map(
      ({ id, choice, name, drop, agreement, sqnrDb, latencyMs, latencyRatio, bytes, keeps, predicted }) => ({
        id,
        recipe: recipeOf(choice),
        name,
        metrics: { drop, agreement, sqnrDb },
        latency: { ms: latencyMs, ratio: latencyRatio },
        bytes,
        keeps,
        predicted,
      }),
    ),
    front: frontOf(trials, minimize).map(({ id }) => id),
    best: bestTrial(trials, minimize)?.id ?? null,
  };
}
