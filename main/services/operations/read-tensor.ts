/** Where the numbers of a tensor that is looked into come from. */
import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { indexGraph } from '../../engine/graph/index-graph.ts';
import type { Model, Tensor } from '../../engine/graph/ir.ts';
import { tensorBytes, tensorStrings, tensorValues } from '../../engine/graph/tensor-data.ts';
import { walkNodes } from '../../engine/graph/walk.ts';
import { hasTrait } from '../../engine/operators/ask.ts';
import { tensorOfConstant } from '../../engine/operators/constant-behind.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { runOnMadeInputs } from '../../engine/runtime/run-made.ts';
import type { Runner } from '../../engine/runtime/runner.ts';
import { sourceOfModel } from '../../engine/runtime/model-source.ts';
import { tapModel } from '../../engine/runtime/taps.ts';
import type { DType } from '../../engine/tensor/dtype.ts';
import { encodeElements } from '../../engine/tensor/encode.ts';
import { float16ToFloat32 } from '../../engine/tensor/half.ts';
import type { HostTensor } from '../../engine/tensor/host-tensor.ts';
import type { NumericArray } from '../../engine/tensor/numeric.ts';
import { openSource } from './datasets.ts';
import { constantsOf } from './graph-view.ts';
import { openRunnable, openShared } from './opened-models.ts';
import type { ReadTensor } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** A tensor with its numbers, or its texts. */
export interface TensorNumbers {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly values: NumericArray;
  /** In place of numbers. */
  readonly texts: readonly string[] | null;
  /** Raw little-endian bytes of the numbers. */
  readonly bytes: () => Uint8Array;
  /** What a value was computed on, in words; null for a weight. */
  readonly on: string | null;
}

let last: { readonly key: string; readonly tensor: TensorNumbers } | undefined;

/**
 * Reads a weight, or computes a value on one sample as the graph is written, without optimisation. The last one is kept, so
 * that its pages and slices are there at once.
 * @throws NOT_FOUND; MODEL_UNKNOWN_LAYER for a value that no node of the main graph makes; what a run throws; CANCELLED
 */
export async function readTensor(asked: ReadTensor, { signal }: Pick<TaskContext, 'signal'>): Promise<TensorNumbers> {
  const { sha256 } = await openShared(asked.path);
  const key = JSON.stringify([sha256, asked]);
  if (last?.key === key) return last.tensor;
  const tensor = asked.kind === 'weight' ? await readWeight(asked) : await computeValue(asked, signal);
  last = { key, tensor };
  return tensor;
}

async function readWeight({ path, name }: ReadTensor): Promise<TensorNumbers> {
  const { model } = await openShared(path);
  const found = findWeight(model, name);
  const texts = found.dtype === 'string' ? tensorStrings(found) : null;
  return {
    name,
    dtype: found.dtype,
    dims: found.dims,
    values: texts === null ? tensorValues(found) : new Float64Array(),
    texts,
    bytes: () => tensorBytes(found),
    on: null,
  };
}

/** An initializer, or the tensor of the Constant node that gives this value. @throws NOT_FOUND */
export function findWeight(model: Model, name: string): Tensor {
  const stored = constantsOf(model).get(name);
  if (stored !== undefined) return stored;
  for (const { node } of walkNodes(model)) {
    const tensor = hasTrait(node, 'constant') && node.outputs[0] === name ? tensorOfConstant(node) : undefined;
    if (tensor !== undefined) return tensor;
  }
  throw new StudioError('NOT_FOUND', `The model has no weight '${name}'`);
}

async function computeValue(asked: ReadTensor, signal: AbortSignal): Promise<TensorNumbers> {
  const { model } = await openRunnable(asked.path, signal);
  mustMake(model, asked.name);
  const { tensor, on } = await withThreadRunner(signal, (runner) => run(model, asked, { runner, signal }));
  const { dtype, dims, data } = tensor;
  const texts = Array.isArray(data) ? data : null;
  const values = texts !== null ? new Float64Array() : numbersOf(dtype, data as NumericArray);
  return { name: asked.name, dtype, dims, values, texts, bytes: () => encodeElements(dtype, values), on };
}

/** @throws MODEL_UNKNOWN_LAYER where a run cannot give the value, with what to look at instead */
function mustMake({ graph, ...model }: Model, name: string): void {
  const index = indexGraph(graph);
  if (index.producer(name) !== undefined || index.input(name) !== undefined) return;
  const within = [...walkNodes({ ...model, graph })].some(
    ({ node, depth }) => depth > 0 && node.outputs.includes(name),
  );
  const hint = within
    ? 'It is made within a subgraph or a function, which gives out its outputs alone: look at those of the layer that holds it.'
    : 'A step of the recipe left it out, fused or renamed it: show the baseline to look at it there, or the layer in its place here.';
  throw new StudioError('MODEL_UNKNOWN_LAYER', `This model makes no value '${name}' in a run`, { hint });
}

function numbersOf(dtype: DType, data: NumericArray): NumericArray {
  return dtype === 'float16' ? float16ToFloat32(data as Uint16Array) : data;
}

async function run(
  model: Model,
  { name, data, sample }: ReadTensor,
  { runner, signal }: { readonly runner: Runner; readonly signal: AbortSignal },
): Promise<{ readonly tensor: HostTensor; readonly on: string }> {
  const input = inputPorts(model).some((port) => port.name === name);
  const session = await runner.load(sourceOfModel(input ? model : tapModel(model, [name])), {
    provider: 'cpu',
    threads: null,
    optimization: 'disabled',
  });
  try {
    if (data === null) {
      const { inputs, outputs } = await runOnMadeInputs(session, model, { batch: 1, dims: {} }, { signal });
      return { tensor: (input ? inputs.feeds : outputs)[name]!, on: 'inputs made at random' };
    }
    const dataset = await openSource(data);
    const indices = Uint32Array.of(Math.min(sample, dataset.samples - 1));
    for await (const { feeds } of dataset.batches(inputPorts(model), 1, { indices, signal })) {
      const outputs = input ? feeds : await session.run(feeds, { outputs: [name], signal });
      return { tensor: outputs[name]!, on: `sample ${indices[0]} of ${dataset.name}` };
    }
    throw new StudioError('DATA_INVALID', `Data '${dataset.name}' holds no samples`);
  } finally {
    await session.close();
  }
}
