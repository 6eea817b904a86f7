import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ModelEntry } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import { addSampleData } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { readSamples } from './samples.ts';
import type { StudioContext } from './studio.ts';

type ModelMethods = 'model.open' | 'model.recents' | 'model.forget';

/** Opening models and remembering them. */
export function modelHandlers(context: StudioContext): Pick<Handlers, ModelMethods> {
  const { workspace, ask, emit } = context;
  return {
    'model.open': async (params) => {
      const sample = 'sample' in params;
      const path = await pathToOpen(context, params);
      const inspect = await ask('inspect', { path, dims: {}, scanWeights: true }).catch((error: unknown) => {
        throw 'upload' in params ? withoutPath(error, path) : error;
      });
      const entry = {
        id: inspect.model.sha256,
        name: basename(path),
        path,
        bytes: inspect.model.bytes + inspect.model.externalBytes,
        openedAt: Date.now(),
      };
      workspace.saveModel(entry);
      const baselineTrialId = beginBaseline(context, entry, inspect.parameters, inspect.macs);
      if (sample) await addSampleData(context);
      emit('recents', recents(context));
      return { entry: { ...entry, available: true }, inspect, baselineTrialId };
    },
    'model.recents': () => recents(context),
    'model.forget': ({ modelId }) => {
      workspace.hideModel(modelId);
      emit('recents', recents(context));
      return null;
    },
  };
}

/** The model with this id. @throws NOT_FOUND */
export function requireModel(
  { workspace }: Pick<StudioContext, 'workspace'>,
  modelId: string,
): Omit<ModelEntry, 'available'> {
  const model = workspace.model(modelId);
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

async function pathToOpen(
  { workspace }: StudioContext,
  params: { path: string } | { sample: string } | { upload: string },
): Promise<string> {
  if ('path' in params) return resolve(params.path);
  if ('sample' in params) {
    const found = (await readSamples()).models.find((model) => model.id === params.sample);
    if (found === undefined) throw new StudioError('NOT_FOUND', `There is no sample '${params.sample}'`);
    return found.path;
  }
  if (!/^[0-9a-f-]{36}$/u.test(params.upload)) throw new StudioError('USAGE', `'${params.upload}' is not an upload`);
  const folder = join(workspace.folder('uploads'), params.upload);
  const name = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder)[0] : undefined;
  if (name === undefined) throw new StudioError('NOT_FOUND', 'This upload is gone', { hint: 'Drop the file again.' });
  return join(folder, name);
}

/** The trial with the empty recipe, whose output is the opened file itself. */
function beginBaseline(
  { workspace, emit }: StudioContext,
  entry: Omit<ModelEntry, 'available'>,
  parameters: number,
  macs: number,
): string {
  const id = `${entry.id.slice(0, 24)}-baseline`;
  if (workspace.findTrial(id) === undefined) {
    const recipe = { version: 1 as const, steps: [] };
    workspace.beginTrial(
      { id, modelId: entry.id, name: 'Baseline', recipe, baseline: true, createdAt: Date.now() },
      'done',
    );
  }
  workspace.updateTrial(id, { outputPath: entry.path, bytes: entry.bytes, parameters, macs, sparsity: null });
  emit('trial', workspace.trial(id));
  return id;
}

function recents({ workspace }: StudioContext): ModelEntry[] {
  return workspace.recentModels().map((entry) => ({ ...entry, available: isUnchanged(entry.path) }));
}

/** Whether the file is there. That its bytes are the same is checked when it is opened: its id is their hash. */
function isUnchanged(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
