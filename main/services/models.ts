import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { EMPTY_RECIPE } from '../contract/recipe/recipe.ts';
import type { Params } from '../contract/methods.ts';
import type { ModelEntry, OpenedModel } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import { addSampleData } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { readSamples } from './samples.ts';
import type { StudioContext } from './studio-context.ts';
import type { TrialStore } from './trial-store.ts';
import { emitTrial } from './trial-state.ts';

type ModelMethods = 'model.open' | 'model.problems' | 'model.recents' | 'model.forget';

/** Opening models and remembering them. */
export function modelHandlers(context: StudioContext): Pick<Handlers, ModelMethods> {
  const { workspace, ask, emit } = context;
  return {
    'model.open': (params) => openModel(context, params),
    'model.problems': async ({ modelId }) => {
      const { path } = await requireModel(context, modelId);
      return ask('problems', { path, dims: {}, scanWeights: true });
    },
    'model.recents': () => recents(context),
    'model.forget': async ({ modelId }) => {
      await workspace.hideModel(modelId);
      emit('recents', await recents(context));
      return null;
    },
  };
}

/**
 * Opens a model: reads it, remembers it in the workspace with its baseline.
 * @throws what reading a model throws; NOT_FOUND
 */
export async function openModel(context: StudioContext, params: Params<'model.open'>): Promise<OpenedModel> {
  const { workspace, ask, emit } = context;
  const sample = 'sample' in params;
  const path = await pathToOpen(context, params);
  const inspect = await ask('summary', { path, dims: {} }).catch((error: unknown) => {
    throw 'upload' in params ? withoutPath(error, path) : error;
  });
  const entry = {
    id: inspect.model.sha256,
    name: basename(path),
    path,
    bytes: inspect.model.bytes + inspect.model.externalBytes,
    openedAt: Date.now(),
  };
  await workspace.saveModel(entry);
  const baselineTrialId = await saveBaseline(context, entry, inspect.parameters, inspect.macs);
  if (sample) await addSampleData(context);
  emit('recents', await recents(context));
  return { entry: { ...entry, available: true }, inspect, baselineTrialId };
}

/** The model with this id. @throws NOT_FOUND */
export async function requireModel(
  { workspace }: { readonly workspace: Pick<TrialStore, 'model'> },
  modelId: string,
): Promise<Omit<ModelEntry, 'available'>> {
  const model = await workspace.model(modelId);
  if (model === undefined)
    throw new StudioError('NOT_FOUND', 'This model is not in the workspace', { hint: 'Open it again.' });
  return model;
}

/** An upload's path is ours: the user knows the file by its name. */
function withoutPath(error: unknown, path: string): unknown {
  if (!(error instanceof StudioError)) return error;
  const message = error.message.replaceAll(path, basename(path));
  return new StudioError(error.code, message, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** The file that is meant. @throws NOT_FOUND, USAGE */
export async function pathToOpen(
  { workspace }: StudioContext,
  params: { path: string } | { sample: string } | { upload: string },
): Promise<string> {
  if ('path' in params) return resolve(params.path);
  if ('sample' in params) {
    const found = (await readSamples()).models.find((model) => model.id === params.sample);
    if (found === undefined) throw new StudioError('NOT_FOUND', `There is no sample '${params.sample}'`);
    return found.path;
  }
  return uploadedFile(workspace, params.upload);
}

/** Where an uploaded file lies. @throws USAGE, NOT_FOUND */
export async function uploadedFile(workspace: StudioContext['workspace'], upload: string): Promise<string> {
  if (!/^[0-9a-f-]{36}$/u.test(upload)) throw new StudioError('USAGE', `'${upload}' is not an upload`);
  const folder = join(await workspace.folder('uploads'), upload);
  const name = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder)[0] : undefined;
  if (name === undefined) throw new StudioError('NOT_FOUND', 'This upload is gone', { hint: 'Drop the file again.' });
  return join(folder, name);
}

/** The trial with the empty recipe, whose output is the opened file itself. */
async function saveBaseline(
  { workspace, emit }: StudioContext,
  entry: Omit<ModelEntry, 'available'>,
  parameters: number,
  macs: number,
): Promise<string> {
  const id = `${entry.id.slice(0, 24)}-baseline`;
  const trial = await workspace.saveBaseline(
    { id, modelId: entry.id, name: 'Baseline', recipe: EMPTY_RECIPE, baseline: true, createdAt: Date.now() },
    { outputPath: entry.path, bytes: entry.bytes, parameters, macs, sparsity: null },
  );
  emitTrial(emit, trial);
  return id;
}

async function recents({ workspace }: StudioContext): Promise<ModelEntry[]> {
  return (await workspace.recentModels()).map((entry) => ({ ...entry, available: isUnchanged(entry.path) }));
}

/** Whether the file is there. That its bytes are the same is checked when it is opened: its id is their hash. */
function isUnchanged(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
