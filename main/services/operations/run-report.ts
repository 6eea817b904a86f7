import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { RunReport } from '../../contract/run-report.ts';
import { runnableSource } from '../../engine/passes/name-nodes.ts';
import type { OpenedFile } from '../../engine/onnx/open.ts';
import { assumedNames } from '../../engine/runtime/assume-dims.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { loadInputs } from '../../engine/runtime/load-inputs.ts';
import { makeModelInputs } from '../../engine/runtime/make-inputs.ts';
import { runOnMadeInputs } from '../../engine/runtime/run-made.ts';
import { reportRun } from '../../engine/runtime/run-report.ts';
import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import { openSource } from './datasets.ts';
import { openShared } from './opened-models.ts';
import type { OperationParams } from './operation-map.ts';
import { runners } from './runners.ts';

type Params = OperationParams<'runReport'>;

/**
 * One run, value by value; a run that fails is no error here but what is told.
 * @throws what opening model or data throws; SHAPE_MISMATCH for inputs that do not fit; CANCELLED
 */
export async function runReport(params: Params, context: TaskContext): Promise<RunReport> {
  const opened = await openShared(params.path);
  const { feeds, on } = await feedsOf(opened, params, context.signal);
  return { on, ...(await reportRun({ ...opened, feeds, runners }, context)) };
}

interface Fed {
  readonly feeds: HostTensors;
  readonly on: string;
}

async function feedsOf(
  opened: OpenedFile,
  { settings, inputs, data, sample }: Params,
  signal: AbortSignal,
): Promise<Fed> {
  const { batch, dims } = settings;
  const ports = inputPorts(opened.model);
  if (inputs !== null) return { feeds: await loadInputs(inputs, ports), on: inputs };
  if (data === null) return { feeds: await madeFeeds(opened, { batch, dims }, signal), on: 'inputs made at random' };
  const dataset = await openSource(data);
  const indices = Uint32Array.from({ length: Math.min(batch, dataset.samples - sample) }, (_, at) => sample + at);
  for await (const { feeds } of dataset.batches(ports, batch, { indices, signal })) {
    const which = indices.length > 1 ? `samples ${sample} to ${sample + indices.length - 1}` : `sample ${sample}`;
    return { feeds, on: `${which} of ${dataset.name}` };
  }
  throw new StudioError('DATA_INVALID', `Data '${dataset.name}' holds no sample ${sample}`, {
    hint: `It holds ${dataset.samples}, the first is 0.`,
  });
}

/** Of the sizes that nobody gave, such that the model runs on, where there are any. */
async function madeFeeds(opened: OpenedFile, asked: Pick<Params['settings'], 'batch' | 'dims'>, signal: AbortSignal) {
  const made = makeModelInputs(opened.model, asked);
  if (assumedNames(made).length === 0) return made.feeds;
  try {
    return await runners.use(
      async (runner) => {
        const session = await runner.load(runnableSource(opened), { provider: 'cpu', threads: null }, { signal });
        try {
          return (await runOnMadeInputs(session, opened.model, asked, { signal })).inputs.feeds;
        } finally {
          if (runner.alive) await session.close();
        }
      },
      { signal },
    );
  } catch (error) {
    if (!(error instanceof StudioError && error.code.startsWith('RUNTIME_'))) throw error;
    return made.feeds;
  }
}

/**
 * Does work that runs a model; where the runtime refuses, the error that comes out names the layer, the reason and what to do.
 * @param asked how the inputs of that work are made, so that the same run can be looked at
 */
export async function explaining<T>(
  asked: Pick<Params, 'path' | 'settings' | 'inputs' | 'data'>,
  context: TaskContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StudioError && ['RUNTIME_RUN_FAILED', 'RUNTIME_LOAD_FAILED'].includes(error.code)))
      throw error;
    throw (await explained(error, asked, context)) ?? error;
  }
}

async function explained(
  error: StudioError,
  asked: Pick<Params, 'path' | 'settings' | 'inputs' | 'data'>,
  { signal }: TaskContext,
): Promise<StudioError | null> {
  try {
    const { failure } = await runReport({ ...asked, sample: 0 }, { signal, progress: () => undefined });
    if (failure === null) return null;
    const { layer, op, reason, advice } = failure;
    return new StudioError(error.code, `Layer '${layer}' (${op}) cannot run: ${reason}`, {
      hint: advice,
      cause: error,
      layer,
    });
  } catch (other) {
    if (other instanceof StudioError && other.code === 'CANCELLED') throw other;
    return null; // what the runtime said first is told
  }
}
