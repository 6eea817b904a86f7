import { profileModel } from '../../engine/profile/profile-model.ts';
import { sweepSettings } from '../../engine/profile/sweep.ts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import { parseModel } from '../../engine/onnx/parse.ts';
import { nameNodes } from '../../engine/passes/name-nodes.ts';
import { isTooNew, sourceOfModel } from '../../engine/runtime/model-source.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { importTrace as importOf } from '../../engine/profile/import-trace.ts';
import type { TaskContext } from '../../base/progress.ts';
import { openRunnable, openShared } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { explaining } from './run-report.ts';
import { runners } from './runners.ts';

/** What a model costs on this machine. @throws what `profileModel` throws */
export async function profile(
  { path, settings, runs, warmup, inputs, trace }: OperationParams<'profile'>,
  context: TaskContext,
): Promise<OperationResult<'profile'>> {
  const opened = await openRunnable(path, context.signal);
  const { provider, threads, batch, dims } = settings;
  return explaining({ path, settings, inputs, data: null }, context, () =>
    profileModel(opened, runners, { provider, threads, batch, dims, runs, warmup, inputs, trace }, context),
  );
}

/** A model under other session settings. @throws what `sweepSettings` throws */
export async function sweep(
  { path, ...request }: OperationParams<'sweep'>,
  context: TaskContext,
): Promise<OperationResult<'sweep'>> {
  return sweepSettings(await openRunnable(path, context.signal), runners, request, context);
}

/** A profile from a trace that the runtime wrote elsewhere. @throws FILE_UNREADABLE, what `importTrace` throws */
export async function importTrace(
  { path, trace, optimised }: OperationParams<'importTrace'>,
  { signal }: TaskContext,
): Promise<OperationResult<'importTrace'>> {
  const { model } = await openShared(path);
  const executed = optimised === null ? null : (await openShared(optimised)).model;
  let text: string;
  try {
    text = await readFile(trace, 'utf8');
  } catch (error) {
    throw new StudioError('FILE_UNREADABLE', `The trace ${trace} cannot be read (${(error as Error).message})`, {
      hint: 'Give the JSON file that the runtime wrote when profiling ended.',
      cause: error,
    });
  }
  const rewrittenHere = executed === null ? await rewriteHere(model, path, signal) : null;
  return importOf(model, { text, name: basename(trace), optimised: executed, rewrittenHere });
}

/** The graph as the runtime here rewrites it; null where it does not run here, or cannot be written. */
async function rewriteHere(model: Model, path: string, signal: AbortSignal): Promise<Model | null> {
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-profile-'));
  try {
    const optimizedModelPath = join(folder, 'rewritten.onnx');
    const named = nameNodes(model).model;
    const source = named === model && !isTooNew(model) ? { path } : sourceOfModel(named);
    await runners.use(
      async (runner) => {
        const session = await runner.load(source, { provider: 'cpu', threads: 1, optimizedModelPath }, { signal });
        await session.close({ signal });
      },
      { signal },
    );
    return parseModel(new Uint8Array(await readFile(optimizedModelPath)), folder);
  } catch (error) {
    if (error instanceof StudioError && error.code === 'CANCELLED') throw error;
    return null; // kernels are then attributed by their names, and a note says so
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
