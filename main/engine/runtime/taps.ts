import { dirname } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { makeValueInfo } from '../graph/make.ts';
import { tensorBytes } from '../graph/tensor-data.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { mapTensors } from '../graph/tensors.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { RunnerCallOptions } from './protocol.ts';
import type { Runner } from './runner.ts';
import type { ModelSource } from './settings.ts';

/**
 * The model with intermediate values of its main graph as further outputs, after its own. Shares everything else.
 * @param names values that some node of the main graph makes; those that are outputs already stay where they are
 * @throws MODEL_UNKNOWN_LAYER for a name that no node of the main graph makes
 */
export function tapModel(model: Model, names: readonly string[]): Model {
  const index = indexGraph(model.graph);
  const wanted = [...new Set(names)].filter((name) => !index.isOutput(name));
  for (const name of wanted) {
    if (index.producer(name) === undefined) {
      throw new StudioError('MODEL_UNKNOWN_LAYER', `No node of the main graph makes a value '${name}'`);
    }
  }
  // without a declared type the runtime infers it itself
  const taps = wanted.map(
    (name) => index.valueInfo(name) ?? { ...makeValueInfo(name, undefined, undefined), type: undefined },
  );
  return { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, ...taps] } };
}

/**
 * External tensors up to this size go into the bytes: the runtime infers shapes from such as the pads of a Pad, and finds
 * external ones only for models that it opens as files.
 */
const INLINE_BYTES = 1024;

/** The newest IR version that ONNX Runtime 1.30 takes. What is newer there adds fields, of which graphs that it can run have none. */
const RUNTIME_IR = 13;

/** Whether the runtime refuses the model for the version that its file states alone. */
export function isTooNew({ irVersion }: Model): boolean {
  return irVersion > RUNTIME_IR;
}

/** The model, stating an IR version that the runtime takes. */
export function statedForRuntime(model: Model): Model {
  return isTooNew(model) ? { ...model, irVersion: RUNTIME_IR } : model;
}

/** A model of the IR as a source to load: its bytes, and the folder of its external data. */
export function sourceOfModel(model: Model, directory?: string): ModelSource {
  const inlined = mapTensors(model, (tensor) =>
    tensor.storage.kind === 'external' && tensorByteLength(tensor) <= INLINE_BYTES
      ? { ...tensor, storage: { kind: 'raw', bytes: tensorBytes(tensor) } }
      : tensor,
  );
  return { bytes: encodeModel(statedForRuntime(inlined)), ...(directory === undefined ? {} : { directory }) };
}

export interface MeasuredShape {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/**
 * Learns the shapes that values really have by running the model once with them as outputs, in the form that `inferModel`
 * takes as `measured`. The graph runs as written (no optimisation), so every value exists.
 * @param values names to measure; those that are no tensors are left out of the result
 * @throws as `runner.load` and `session.run`
 */
export async function measureShapes(
  runner: Runner,
  tapped: {
    readonly model: Model;
    readonly path?: string;
    readonly values: readonly string[];
    readonly feeds: HostTensors;
  },
  options: RunnerCallOptions = {},
): Promise<ReadonlyMap<string, MeasuredShape>> {
  const source = sourceOfModel(
    tapModel(tapped.model, tapped.values),
    tapped.path === undefined ? undefined : dirname(tapped.path),
  );
  const session = await runner.load(source, { provider: 'cpu', threads: null, optimization: 'disabled' }, options);
  try {
    const isTensor = new Set(session.outputs.filter((port) => port.dtype !== null).map((port) => port.name));
    const outputs = tapped.values.filter((name) => isTensor.has(name));
    const measured = new Map<string, MeasuredShape>();
    if (outputs.length === 0) return measured;
    const tensors = await session.run(tapped.feeds, { ...options, outputs });
    for (const [name, { dtype, dims }] of Object.entries(tensors)) measured.set(name, { dtype, shape: dims });
    return measured;
  } finally {
    if (runner.alive) await session.close(options);
  }
}
