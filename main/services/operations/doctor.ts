import { arch } from 'node:os';
import { WHOLE_SET } from '../../contract/data.ts';
import type { DoctorReport } from '../../contract/doctor.ts';
import { lastStepOf, stepParts } from '../../contract/recipe/kinds.ts';
import type { Recipe } from '../../contract/recipe/recipe.ts';
import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { splitIndices } from '../../engine/dataset/split.ts';
import type { FeedBatches } from '../../engine/dataset/feed-batches.ts';
import { examine } from '../../engine/doctor/examine.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { describeData } from '../../judge/circumstances.ts';
import { measuredData, openSource } from './datasets.ts';
import { openRunnable, openShared } from './opened-models.ts';
import type { DatasetSource, OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';
import { sourceMap } from './source-map.ts';

/** Samples at once; small, since many activations are looked at. */
const BATCH = 4;

/** What makes a model slow, wrong or large on this machine. @throws what `examine` throws; DATA_… */
export async function doctor(
  { path, origin, data, limit, quick, seconds }: OperationParams<'doctor'>,
  context: TaskContext,
): Promise<OperationResult<'doctor'>> {
  const { signal } = context;
  const { cpu, vnni } = machineInfo('');
  const machine = { cpu, vnni, arch: arch() };
  const from = {
    sources: sourceMap(origin?.sources ?? null),
    quantizes: origin !== null && lastStepOf(origin.recipe, 'quantize') !== undefined,
  };
  const look = async (): Promise<DoctorReport> =>
    examine({ model: (await openShared(path)).model, origin: from, machine }, context);
  if (quick) return look();
  const opened = await openRunnable(path, signal).catch((error: unknown) => {
    // The runtime does not take it; the file can be looked at all the same.
    if (error instanceof StudioError && error.code === 'UNSUPPORTED') return error;
    throw error;
  });
  if (opened instanceof StudioError) {
    const report = await look();
    const run = { id: 'run', title: 'Runs here', status: 'skipped', note: opened.message } as const;
    return { ...report, checks: [...report.checks, run] };
  }
  const { model } = opened;
  const reference =
    origin !== null && isSameFloat(origin.recipe) ? (await openRunnable(origin.path, signal)).model : undefined;
  const inputs = data === null ? undefined : await samplesOf(data, model, { limit, signal });
  return withThreadRunner(signal, (runner) =>
    examine({ model, origin: from, reference, ...inputs, machine, runner, seconds }, context),
  );
}

/** Whether a recipe changes nothing before it quantizes: then the opened model is the float one. */
function isSameFloat(recipe: Recipe): boolean {
  const parts = recipe.steps.map(stepParts).filter(({ off }) => !off);
  return parts.length > 0 && parts.every(({ kind }) => kind.kind === 'quantize' || kind.kind === 'rewrite');
}

async function samplesOf(
  data: DatasetSource,
  model: Model,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<{ readonly batches: () => FeedBatches; readonly inputs: string }> {
  const dataset = await openSource(data);
  const split = data.split ?? WHOLE_SET;
  const indices = splitIndices(dataset, split, limit);
  const ports = inputPorts(model);
  async function* batches(): FeedBatches {
    for await (const { feeds } of dataset.batches(ports, BATCH, { indices, limit, signal })) yield feeds;
  }
  const samples = Math.min(limit, indices?.length ?? dataset.samples);
  return { batches, inputs: describeData(measuredData(dataset, split, samples)) };
}
