import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { StudioError } from '../../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostData, HostTensor, HostTensors } from '../tensor/host-tensor.ts';
import { handOver, weightedMean } from './exchange.ts';
import { physicalCores } from './physical-cores.ts';
import { shortenOrtMessage } from './ort-message.ts';
import type { KeptValues, LoadResult, RunnerCalls } from './protocol.ts';
import { residentBytes } from './resident-memory.ts';
import type { LoadedSource, PortInfo, SessionSettings } from './settings.ts';

/**
 * Larger models go to the runtime through a file: it maps or streams that, where a buffer would be held twice. Not those with
 * external data: the runtime looks for the data of a file beside it alone.
 */
const LARGE_MODEL_BYTES = 256 * 2 ** 20;

/** The sessions of this runner process, by the number that the engine knows them by. Runs in the runner only. */
export class OrtSessions {
  readonly #sessions = new Map<number, ort.InferenceSession>();
  readonly #kept = new Map<number, Readonly<Record<string, ort.Tensor>>>();
  #next = 1;

  constructor() {
    // Its JavaScript part wraps float16 data in a Float16Array where that exists, which its native part refuses ("not enough
    // space: expected 4, got 0"); without it both agree on Uint16Array. Looked up when the first tensor is made.
    Reflect.deleteProperty(globalThis, 'Float16Array');
    ort.env.logLevel = 'error'; // warnings would fill the tail of stderr that explains a crash
  }

  /** Version of ONNX Runtime, and the names of the backends in this build of it. */
  about(): { readonly onnxruntime: string; readonly backends: readonly string[] } {
    return {
      onnxruntime: ort.env.versions.node ?? ort.env.versions.common,
      backends: ort.listSupportedBackends().map((backend) => backend.name),
    };
  }

  /** @throws RUNTIME_LOAD_FAILED, PROVIDER_UNAVAILABLE */
  async load(source: LoadedSource, settings: SessionSettings): Promise<LoadResult> {
    const options = sessionOptions(source, settings);
    const beforeBytes = residentBytes();
    const start = performance.now();
    let session: ort.InferenceSession;
    try {
      session = await createSession(source, options);
    } catch (error) {
      throw loadError(error, settings);
    }
    const id = this.#next++;
    this.#sessions.set(id, session);
    return {
      session: id,
      inputs: session.inputMetadata.map(portInfo),
      outputs: session.outputMetadata.map(portInfo),
      loadMs: performance.now() - start,
      beforeBytes,
      afterBytes: residentBytes(),
    };
  }

  /**
   * @param outputs names of the outputs wanted
   * @throws RUNTIME_RUN_FAILED
   */
  async run(id: number, feeds: HostTensors, outputs: readonly string[]): Promise<HostTensors> {
    const runOnce = this.prepare(id, feeds, outputs);
    const values = await runOnce();
    const tensors: Record<string, HostTensor> = {};
    for (const name of outputs) tensors[name] = fromOrt(name, values[name]);
    return tensors;
  }

  /**
   * The same with values that an earlier run has left here among the inputs; and with outputs that stay here, which cross no
   * pipe. What a session does not take of the feeds is not given to it.
   * @throws RUNTIME_RUN_FAILED, UNSUPPORTED for kept outputs that are no tensors
   */
  async runKeeping(params: RunnerCalls['runKeeping']['params']): Promise<RunnerCalls['runKeeping']['result']> {
    const { session: id, from, keep, outputs, handOver: handedOver = {}, means = {} } = params;
    const meant = Object.entries(means).map(([name, files]) => [name, weightedMean(files)] as const);
    const feeds: HostTensors = { ...params.feeds, ...Object.fromEntries(meant) };
    const session = this.#get(id);
    const earlier: Record<string, ort.Tensor> = {};
    for (const kept of from) Object.assign(earlier, this.#earlier(kept));
    const inputs: Record<string, ort.Tensor> = {};
    for (const name of session.inputNames) {
      const feed = feeds[name];
      const tensor = earlier[name] ?? (feed === undefined ? undefined : toOrt(name, feed));
      if (tensor !== undefined) inputs[name] = tensor;
    }
    const kept = Object.keys(keep);
    const wanted = [...new Set([...outputs, ...kept, ...Object.keys(handedOver)])];
    const values = await refusing(() => session.run(inputs, wanted));
    const tensors: Record<string, HostTensor> = {};
    for (const name of outputs) tensors[name] = fromOrt(name, values[name]);
    for (const [name, path] of Object.entries(handedOver)) handOver(path, fromOrt(name, values[name]));
    return { outputs: tensors, kept: kept.length === 0 ? null : this.#keep(keep, values) };
  }

  /** Values that were left here, as they are. */
  fetch(kept: number): HostTensors {
    const values = Object.entries(this.#earlier(kept));
    return Object.fromEntries(values.map(([name, value]) => [name, fromOrt(name, value)]));
  }

  #earlier(kept: number): Readonly<Record<string, ort.Tensor>> {
    const values = this.#kept.get(kept);
    if (values === undefined)
      throw new StudioError('INTERNAL', `No values ${kept} in this runner; were they released?`);
    return values;
  }

  release(kept: readonly number[]): void {
    for (const id of kept) this.#kept.delete(id);
  }

  #keep(names: Readonly<Record<string, string>>, values: ort.InferenceSession.ReturnType): KeptValues {
    const tensors: Record<string, ort.Tensor> = {};
    let bytes = 0;
    for (const [name, as] of Object.entries(names)) {
      const value = values[name];
      if (!(value instanceof ort.Tensor)) throw new StudioError('UNSUPPORTED', `Value '${name}' is no tensor`);
      tensors[as] = value;
      bytes += ArrayBuffer.isView(value.data) ? value.data.byteLength : 0;
    }
    const id = this.#next++;
    this.#kept.set(id, tensors);
    return { id, bytes };
  }

  /** Converts the feeds once and returns the bare run, so that a timed loop holds nothing but the runtime. */
  prepare(id: number, feeds: HostTensors, outputs?: readonly string[]): () => Promise<ort.InferenceSession.ReturnType> {
    const session = this.#get(id);
    const inputs: Record<string, ort.Tensor> = {};
    for (const [name, tensor] of Object.entries(feeds)) inputs[name] = toOrt(name, tensor);
    return () => refusing(() => (outputs === undefined ? session.run(inputs) : session.run(inputs, outputs)));
  }

  endProfiling(id: number): void {
    this.#get(id).endProfiling();
  }

  async close(id: number): Promise<void> {
    const session = this.#get(id);
    this.#sessions.delete(id);
    await session.release();
  }

  #get(id: number): ort.InferenceSession {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new StudioError('INTERNAL', `No session ${id} in this runner; was it closed?`);
    return session;
  }
}

/** @throws RUNTIME_RUN_FAILED in place of the runtime's own error */
async function refusing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new StudioError('RUNTIME_RUN_FAILED', `The runtime could not run the model: ${shortenOrtMessage(error)}`, {
      cause: error,
    });
  }
}

function sessionOptions(source: LoadedSource, settings: SessionSettings): ort.InferenceSession.SessionOptions {
  const extra: Record<string, string> = { ...settings.config };
  if (settings.takesTurns === true) extra['session.force_spinning_stop'] = '1';
  if ('bytes' in source && source.directory !== undefined) {
    extra['session.model_external_initializers_file_folder_path'] = source.directory;
  }
  return {
    executionProviders: settings.provider === 'cpu' ? ['cpu'] : [settings.provider, 'cpu'],
    intraOpNumThreads: settings.threads ?? physicalCores(),
    graphOptimizationLevel: settings.optimization ?? 'all',
    executionMode: settings.execution ?? 'sequential',
    enableCpuMemArena: settings.arena ?? true,
    enableMemPattern: settings.memoryPattern ?? true,
    logSeverityLevel: 3,
    extra,
    ...(settings.freeDimensions === undefined ? {} : { freeDimensionOverrides: settings.freeDimensions }),
    ...(settings.profilePrefix === undefined
      ? {}
      : { enableProfiling: true, profileFilePrefix: settings.profilePrefix }),
    ...(settings.optimizedModelPath === undefined ? {} : { optimizedModelFilePath: settings.optimizedModelPath }),
  };
}

async function createSession(
  source: LoadedSource,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  if ('path' in source) return ort.InferenceSession.create(source.path, options);
  const chunks = source.bytes instanceof Uint8Array ? [source.bytes] : source.bytes;
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (size <= LARGE_MODEL_BYTES || source.directory !== undefined) {
    return ort.InferenceSession.create(Buffer.concat(chunks), options);
  }
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-model-'));
  try {
    const path = join(folder, 'model.onnx');
    await writeFile(path, chunks);
    return await ort.InferenceSession.create(path, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function loadError(error: unknown, settings: SessionSettings): StudioError {
  const reason = shortenOrtMessage(error);
  const aboutProvider =
    settings.provider !== 'cpu' && /adapter|device|webgpu|cuda|provider|backend|driver|vulkan/i.test(reason);
  if (aboutProvider) {
    return new StudioError(
      'PROVIDER_UNAVAILABLE',
      `The provider '${settings.provider}' does not start here: ${reason}`,
      {
        hint: 'Use the provider cpu, or install a driver for this device.',
        cause: error,
      },
    );
  }
  return new StudioError('RUNTIME_LOAD_FAILED', `The runtime refuses this model: ${reason}`, { cause: error });
}

function portInfo(meta: ort.InferenceSession.ValueMetadata): PortInfo {
  if (!meta.isTensor) return { name: meta.name, dtype: null, shape: null };
  return { name: meta.name, dtype: meta.type, shape: meta.shape.map((dim) => dim ?? '') };
}

const ORT_DTYPES: ReadonlySet<string> = new Set([
  'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'float64', 'uint32',
  'uint64', 'uint4', 'int4',
]); // prettier-ignore

function toOrt(name: string, tensor: HostTensor): ort.Tensor {
  if (!ORT_DTYPES.has(tensor.dtype)) {
    throw new StudioError(
      'UNSUPPORTED',
      `Input '${name}': the runtime's JavaScript binding takes no ${tensor.dtype} tensors`,
    );
  }
  try {
    return new ort.Tensor(tensor.dtype as ort.Tensor.Type, tensor.data as ort.Tensor.DataType, tensor.dims);
  } catch (error) {
    throw new StudioError('DATA_SHAPE', `Input '${name}': ${shortenOrtMessage(error)}`, { cause: error });
  }
}

function fromOrt(name: string, value: ort.OnnxValue | undefined): HostTensor {
  if (!(value instanceof ort.Tensor)) {
    throw new StudioError('UNSUPPORTED', `Output '${name}' is a sequence or map, not a tensor; it cannot be read here`);
  }
  return { dtype: value.type as DType, dims: [...value.dims], data: value.data as HostData };
}
