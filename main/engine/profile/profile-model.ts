import { basename } from 'node:path';
import type { Provider } from '../../contract/machine.ts';
import type { Loading } from '../../contract/profile-parts.ts';
import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import type { OpenedFile } from '../onnx/open.ts';
import type { TaskContext } from '../../base/progress.ts';
import { writeWhole } from '../../base/write-whole.ts';
import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';
import { loadInputs } from '../runtime/load-inputs.ts';
import { machineInfo } from '../runtime/machine.ts';
import { runOnMadeInputs } from '../runtime/run-made.ts';
import type { RunnerCallOptions } from '../runtime/protocol.ts';
import type { Runner } from '../runtime/runner.ts';
import type { RunnerSource } from '../runtime/runner-pool.ts';
import type { Session } from '../runtime/session.ts';
import type { ModelSource, PortInfo, SessionSettings } from '../runtime/settings.ts';
import { isTooNew, sourceOfModel } from '../runtime/model-source.ts';
import { measureShapes, type MeasuredShape } from '../runtime/taps.ts';
import { attributeRuns, type RunToAttribute } from './attribute-runs.ts';
import { summarizeLatency } from './latency.ts';
import { layerFacts, openValues } from './layer-facts.ts';
import {
  measurePlain,
  measureProfiled,
  profiledRuns,
  type PlainMeasurement,
  type ProfiledMeasurement,
} from './measure.ts';
import { nameNodes, runnableSource } from '../passes/name-nodes.ts';
import { liveTensors } from './live-tensors.ts';
import { measureLoading } from './measure-loading.ts';
import { profileNotes } from './notes.ts';
import type { ProfileResult } from './profile-result.ts';
import { tracedRuns } from './trace.ts';
import { exportTrace } from './trace-export.ts';

export interface ProfileRequest {
  readonly provider: Provider;
  /** Threads within an operator; null: one for each physical core. */
  readonly threads: number | null;
  readonly batch: number;
  /** Sizes of symbolic dimensions by name. */
  readonly dims: Readonly<Record<string, number>>;
  /** Timed runs; null: 100 or 2 s, see `TimingPlan`. */
  readonly runs: number | null;
  /** Runs before; null: until the times settle. */
  readonly warmup: number | null;
  /** File with inputs (.npz, .npy, .pb); null: made by type and shape, always the same. */
  readonly inputs: string | null;
  /** Where the trace for Perfetto is written; null: it is not kept. */
  readonly trace: string | null;
}

/**
 * Measures what a model costs on this machine: first the whole model as users run it, without the profiler, in a fresh
 * process; then each kernel under the runtime's profiler, whose times are attributed to the layers of the source model.
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_RUN_FAILED, RUNTIME_DIED, PROVIDER_UNAVAILABLE; SHAPE_MISMATCH, DATA_INVALID, DATA_SHAPE
 *   for inputs that do not fit; UNSUPPORTED for inputs that are no tensors; WRITE_FAILED for the trace; CANCELLED, within 200 ms
 */
export async function profileModel(
  opened: Pick<OpenedFile, 'model' | 'path'>,
  runners: RunnerSource,
  request: ProfileRequest,
  context: TaskContext,
): Promise<ProfileResult> {
  const measured = await runners.use((runner) => measure(opened, runner, request, context), {
    signal: context.signal,
    fresh: true,
  });
  throwIfCancelled(context.signal);
  context.progress({ stage: 'Attributing', done: 0, total: 1 });
  const result = attribute(opened, request, measured);
  if (request.trace !== null) {
    const layerOf = new Map(result.kernels.map(({ name, layer }) => [name, layer ?? undefined]));
    await writeWhole(
      request.trace,
      exportTrace(measured.profiled.events, (kernel) => layerOf.get(kernel)),
    );
  }
  return result;
}

interface Measured {
  readonly onnxruntime: string;
  readonly batch: number;
  readonly dims: Readonly<Record<string, number>>;
  readonly assumed: readonly string[];
  readonly feeds: HostTensors;
  readonly sessionBytes: number;
  readonly outputs: HostTensors;
  readonly plain: PlainMeasurement;
  readonly profiled: ProfiledMeasurement;
  readonly loading: Loading | null;
  /** Shapes that a run showed, where inference ends; undefined: none are open, or the graph cannot be asked for more. */
  readonly shapes: ReadonlyMap<string, MeasuredShape> | undefined;
}

async function measure(
  { model, path }: Pick<OpenedFile, 'model' | 'path'>,
  runner: Runner,
  request: ProfileRequest,
  { signal, progress }: TaskContext,
): Promise<Measured> {
  const call: RunnerCallOptions = { signal, onProgress: progress };
  const settings: SessionSettings = { provider: request.provider, threads: request.threads };
  progress({ stage: 'Loading', done: 0, total: undefined });
  const session = await runner.load(runnableSource({ model, path }), settings, call);
  const { inputs, outputs } = await firstRun(session, model, request, call);
  const plan = { runs: request.runs, warmup: request.warmup };
  const plain = await measurePlain(session, inputs.feeds, { plan, ...call });
  await session.close(call);
  const onProgress: RunnerCallOptions['onProgress'] = (step) => progress({ ...step, stage: 'Profiling' });
  const runs = profiledRuns(plain.timing, model.graph.nodes.length, request.runs);
  const named = nameNodes(model).model;
  const source = named === model && !isTooNew(model) ? { path } : sourceOfModel(named);
  const beside = await runner.load(source, settings, call);
  const profiled = await measureProfiled(
    runner,
    { source, settings, feeds: inputs.feeds, runs, beside },
    { signal, onProgress },
  );
  await beside.close(call);
  return {
    onnxruntime: runner.about.onnxruntime,
    ...inputs,
    sessionBytes: session.sessionBytes,
    outputs,
    plain,
    profiled,
    loading: await loadingOf(runner, { source, settings }, { signal, progress }),
    shapes: await openShapes({ model }, runner, inputs, call),
  };
}

/** Null where another provider compiles what it loads: what its sessions share is not the runtime's to tell. */
async function loadingOf(
  runner: Runner,
  loaded: { readonly source: ModelSource; readonly settings: SessionSettings },
  { signal, progress }: TaskContext,
): Promise<Loading | null> {
  if (loaded.settings.provider !== 'cpu') return null;
  progress({ stage: 'Loading again', done: 0, total: undefined });
  return measureLoading(runner, loaded, { signal });
}

interface ChosenInputs {
  readonly feeds: HostTensors;
  readonly batch: number;
  readonly dims: Readonly<Record<string, number>>;
  readonly assumed: readonly string[];
}

async function firstRun(
  session: Session,
  model: Model,
  request: ProfileRequest,
  call: RunnerCallOptions,
): Promise<{ readonly inputs: ChosenInputs; readonly outputs: HostTensors }> {
  if (request.inputs === null) return runOnMadeInputs(session, model, request, call);
  const inputs = await readInputs(session, request.inputs);
  return { inputs, outputs: await session.run(inputs.feeds, call) };
}

async function readInputs(session: Session, path: string): Promise<ChosenInputs> {
  const feeds = await loadInputs(path, session.inputs);
  const dims: Record<string, number> = {};
  for (const port of session.inputs) Object.assign(dims, dimsOfFeed(port, feeds[port.name]));
  return { feeds, batch: Object.values(feeds)[0]?.dims[0] ?? 1, dims, assumed: [] };
}

function dimsOfFeed(port: PortInfo, feed: HostTensor | undefined): Record<string, number> {
  const dims: Record<string, number> = {};
  for (const [axis, dim] of (port.shape ?? []).entries()) {
    if (typeof dim === 'string') dims[dim === '' ? `${port.name}[${axis}]` : dim] = feed?.dims[axis] ?? 0;
  }
  return dims;
}

/** Shapes of values where inference does not reach, as one more run shows them. */
async function openShapes(
  { model }: Pick<OpenedFile, 'model'>,
  runner: Runner,
  { feeds, dims }: ChosenInputs,
  call: RunnerCallOptions,
): Promise<Measured['shapes']> {
  if (layerFacts(model, dims, { feeds }).every((layer) => layer.macs !== null)) return undefined;
  const values = openValues(model, dims, feeds);
  if (values.length === 0) return undefined;
  try {
    return await measureShapes(runner, { model, values, feeds }, { signal: call.signal });
  } catch (error) {
    // such graphs load as they are but not with further outputs; their costs stay unknown
    if (error instanceof StudioError && error.code.startsWith('RUNTIME_')) return undefined;
    throw error;
  }
}

/** Every traced run; those that were timed with their times. */
function timedRuns({ events, timing }: ProfiledMeasurement): readonly RunToAttribute[] {
  const uncounted = new Set(timing.uncounted);
  const runs = tracedRuns(events);
  const first = runs.length - timing.timesMs.length - uncounted.size;
  let timed = 0;
  return runs.map((run, place) => {
    const isCounted = place >= first && !uncounted.has(place - first);
    const wallMs = isCounted ? timing.timesMs[timed++]! : null;
    return { run, wallMs, timedMs: wallMs };
  });
}

function attribute({ model }: Pick<OpenedFile, 'model'>, request: ProfileRequest, measured: Measured): ProfileResult {
  const { plain, profiled, dims, feeds, shapes } = measured;
  const { optimised } = profiled;
  const { table, kernels, layers, runs, heldUp } = attributeRuns(
    { model, optimised, dims, feeds, shapes },
    timedRuns(profiled),
  );
  const latency = summarizeLatency(plain.timing);
  const profiledP50 = summarizeLatency(profiled.timing).p50Ms;
  const recheck = summarizeLatency(profiled.beside!);
  return {
    machine: machineInfo(measured.onnxruntime, request),
    batch: measured.batch,
    dims: { ...dims },
    latency,
    profiled: { runs: profiled.timing.timesMs.length, p50Ms: profiledP50 },
    recheck,
    runs,
    loading: measured.loading,
    tensors: optimised === null ? null : liveTensors(optimised, kernels, feeds),
    layers,
    kernels,
    unattributedMs: table.unattributedMs,
    memory: {
      peakBytes: plain.peakBytes,
      sessionBytes: measured.sessionBytes,
      samples: [...plain.memory],
    },
    trace: request.trace === null ? null : basename(request.trace),
    notes: profileNotes({
      latency,
      profiledP50,
      besideP50: recheck.p50Ms,
      table,
      kernels,
      provider: request.provider,
      assumed: measured.assumed,
      outputs: measured.outputs,
      settled: plain.timing.stable,
      optimised: optimised !== null,
      heldUp,
    }),
  };
}
