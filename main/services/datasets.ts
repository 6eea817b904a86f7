import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { preprocessingSchema } from '../contract/data.ts';
import type { DatasetEntry } from '../contract/studio.ts';
import type { Handlers } from './handlers.ts';
import type { DatasetSource } from './operations/operation-map.ts';
import { readSamples } from './samples.ts';
import type { StudioContext } from './studio-context.ts';

type DatasetMethods = 'dataset.list' | 'dataset.add' | 'dataset.remove';

/** The data sets that the workspace knows; their files stay where they are. */
export function datasetHandlers(context: StudioContext): Pick<Handlers, DatasetMethods> {
  const { workspace, emit } = context;
  return {
    'dataset.list': () => workspace.datasets(),
    'dataset.add': async (params) => {
      const entry = 'sample' in params ? await addSampleData(context) : await addDataset(context, params);
      emit('datasets', await workspace.datasets());
      return entry;
    },
    'dataset.remove': async ({ datasetId }) => {
      await workspace.removeDataset(datasetId);
      emit('datasets', await workspace.datasets());
      return null;
    },
  };
}

/** Adds the bundled test and validation sets; returns the test set. */
export async function addSampleData(context: StudioContext): Promise<DatasetEntry> {
  const { dataset } = await readSamples();
  const source = { labelsPath: null, preprocessing: preprocessingSchema.parse({}) };
  const test = await addDataset(context, { ...source, path: dataset.test }, `${dataset.title} (test)`);
  await addDataset(context, { ...source, path: dataset.validation }, `${dataset.title} (validation)`);
  context.emit('datasets', await context.workspace.datasets());
  return test;
}

/** What the engine needs to read a data set of the workspace. */
export function datasetSource(entry: DatasetEntry): DatasetSource {
  return { path: entry.path, labelsPath: entry.labelsPath, preprocessing: entry.preprocessing };
}

async function addDataset(
  { workspace, ask }: StudioContext,
  given: DatasetSource,
  name?: string,
): Promise<DatasetEntry> {
  const entry = await describeDataset(ask, given, name);
  await workspace.saveDataset(entry, Date.now());
  return entry;
}

/** Known by path and preprocessing: the same data prepared otherwise is another data set. @param name default: the data's own */
export async function describeDataset(
  ask: StudioContext['ask'],
  given: DatasetSource,
  name?: string,
): Promise<DatasetEntry> {
  const source = { path: resolve(given.path), labelsPath: given.labelsPath, preprocessing: given.preprocessing };
  const { kind, name: ownName, samples, labelled, classCount } = await ask('dataset', source);
  const id = createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 24);
  const { path, labelsPath, preprocessing } = source;
  return { id, name: name ?? ownName, path, labelsPath, kind, samples, labelled, classCount, preprocessing };
}
