import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { throwIfCancelled } from '../../base/errors.ts';
import { loadInputs } from '../runtime/load-inputs.ts';
import { fileContents } from './content.ts';
import type { Batch, BatchOptions, Dataset, InputSpec } from './dataset.ts';
import { prefetch } from './prefetch.ts';

type Description = Omit<
  Dataset,
  'samples' | 'labelled' | 'labels' | 'sampleShape' | 'sampleDtype' | 'describe' | 'batches' | 'contents'
>;

/**
 * The runs of an ONNX test data folder: a `.pb` file, a folder of `input_0.pb` …, or a folder of such folders
 * (`test_data_set_0` …). [] when the path is none of these.
 */
export async function listPbRuns(path: string, isFolder: boolean): Promise<readonly string[]> {
  if (!isFolder) return path.endsWith('.pb') ? [path] : [];
  const names = await readdir(path);
  if (names.includes('input_0.pb')) return [path];
  const numbered = names.filter((name) => /^test_data_set_\d+$/.test(name));
  numbered.sort((a, b) => Number(a.slice(14)) - Number(b.slice(14)));
  return numbered.map((name) => join(path, name));
}

/** A data set of ready inputs: every run counts as one sample and is fed as it is. */
export function pbDataset({ runs, ...description }: Description & { readonly runs: readonly string[] }): Dataset {
  return {
    ...description,
    samples: runs.length,
    labelled: false,
    labels: null,
    sampleShape: null,
    sampleDtype: null,
    describe: () => 'inputs as they are in the .pb files',
    batches: (inputs, _batchSize, options = {}) => prefetch(readRuns(runs, inputs, options), 1),
    contents: async (options = {}) => fileContents(await Promise.all(runs.map(runFiles)), options),
  };
}

async function* readRuns(
  runs: readonly string[],
  inputs: readonly InputSpec[],
  { indices, limit, signal }: BatchOptions,
): AsyncGenerator<Batch, void, void> {
  const ports = inputs.map(({ name, dtype, shape }) => ({
    name,
    dtype,
    shape: shape?.map((dim) => dim ?? '') ?? null,
  }));
  const chosen = indices ? [...indices].map((index) => runs[index]!) : runs;
  for (const run of chosen.slice(0, limit ?? chosen.length)) {
    throwIfCancelled(signal, `Reading ${basename(run)}`);
    yield { feeds: await loadInputs(run, ports), labels: null, count: 1 };
  }
}

/** The input files of a run. */
async function runFiles(run: string): Promise<readonly string[]> {
  if (run.endsWith('.pb')) return [run];
  const names = (await readdir(run)).filter((name) => /^input_\d+\.pb$/.test(name));
  return names.sort().map((name) => join(run, name));
}
