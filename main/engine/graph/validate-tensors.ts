import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import { storageBytes, type DType } from '../tensor/dtype.ts';
import { isBigArray } from '../tensor/numeric.ts';
import { openExternalFile } from './external-data.ts';
import { indexGraph } from './index-graph.ts';
import type { Graph, Model, Tensor } from './ir.ts';
import type { ProblemList } from './problem.ts';
import { tensorPieces } from './tensor-data.ts';
import { describeTensor, elementCount, rawLength } from './tensor-size.ts';
import { tensorsOfBody } from './tensors.ts';
import type { LayerNamer } from './validate-names.ts';
import { walkBodies } from './walk.ts';

/** What has to be looked up on disk, each file once. */
type FileSizes = Map<string, number | StudioError>;

function fileSize(directory: string, location: string, sizes: FileSizes): number | StudioError {
  const key = `${directory}\0${location}`;
  const known = sizes.get(key);
  if (known !== undefined) return known;
  let result: number | StudioError;
  try {
    using file = openExternalFile(directory, location);
    result = file.size;
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    result = error;
  }
  sizes.set(key, result);
  return result;
}

type Finding = Parameters<ProblemList['add']>;

function sizeFinding(tensor: Tensor, got: string, needed: string): Finding {
  return ['TENSOR_SIZE', 'error', `${describeTensor(tensor)} holds ${got}, its dimensions need ${needed}`];
}

function checkExternal(tensor: Tensor, count: number, sizes: FileSizes): Finding | undefined {
  const { storage } = tensor;
  const needed = storageBytes(tensor.dtype, count);
  if (storage.kind !== 'external' || needed === undefined) return undefined;
  const size = fileSize(storage.directory, storage.location, sizes);
  if (size instanceof StudioError) {
    const code = size.code === 'EXTERNAL_DATA_OUTSIDE' ? size.code : 'EXTERNAL_DATA_MISSING';
    return [code, 'error', `${describeTensor(tensor)}: ${size.message}`];
  }
  if (storage.length !== undefined && storage.length !== needed) {
    return sizeFinding(tensor, `${storage.length} bytes of external data`, `${needed} bytes`);
  }
  if (storage.offset + needed <= size) return undefined;
  const message = `'${storage.location}' has ${size} bytes, expected ${needed} from ${storage.offset} on (too short)`;
  return ['EXTERNAL_DATA_MISSING', 'error', `${describeTensor(tensor)}: ${message}`];
}

/** Whether dims, type and stored bytes fit together. Looks at sizes only. */
function checkStorage(tensor: Tensor, sizes: FileSizes): Finding | undefined {
  let count: number;
  try {
    count = elementCount(tensor.dims);
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    return ['DIMS_ABSURD', 'error', `Tensor '${tensor.name}' (${tensor.dtype}): ${error.message}`];
  }
  const { storage } = tensor;
  const needed = storageBytes(tensor.dtype, count);
  if (storage.kind === 'external') return checkExternal(tensor, count, sizes);
  if (storage.kind === 'strings') {
    return storage.values.length === count
      ? undefined
      : sizeFinding(tensor, `${storage.values.length} texts`, `${count}`);
  }
  if (needed === undefined) return sizeFinding(tensor, 'numbers', `${count} texts`);
  if (storage.kind === 'raw') {
    const length = rawLength(storage);
    return length === needed ? undefined : sizeFinding(tensor, `${length} bytes`, `${needed}`);
  }
  const { field, encoded } = storage;
  if (field === 'float_data' || field === 'double_data') {
    return encoded.length === needed ? undefined : sizeFinding(tensor, `${encoded.length} bytes`, `${needed}`);
  }
  // Each number takes 1 to 10 bytes; how many there are is known when they are decoded.
  const numbers = Math.min(count, needed);
  return encoded.length >= numbers && encoded.length <= numbers * 10
    ? undefined
    : sizeFinding(tensor, `${encoded.length} bytes of encoded numbers`, `${numbers} numbers`);
}

const MAY_BE_INFINITE: ReadonlySet<DType> = new Set<DType>([
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'complex64',
  'complex128',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
]);

function scan(tensor: Tensor, signal: AbortSignal | undefined): Finding | undefined {
  if (!MAY_BE_INFINITE.has(tensor.dtype)) return undefined;
  let nan = 0;
  let infinite = 0;
  for (const piece of tensorPieces(tensor)) {
    throwIfCancelled(signal, 'Checking the weights');
    if (isBigArray(piece)) continue;
    for (let i = 0; i < piece.length; i++) {
      const value = piece[i]!;
      if (value - value === 0) continue;
      if (value !== value) nan++;
      else infinite++;
    }
  }
  if (nan + infinite === 0) return undefined;
  const counts = [nan > 0 ? `${nan} NaN` : '', infinite > 0 ? `${infinite} infinite` : ''].filter(
    (text) => text !== '',
  );
  return ['WEIGHTS_NOT_FINITE', 'warning', `${describeTensor(tensor)} holds ${counts.join(' and ')} values`];
}

/** The first layer that uses the initializer. */
function layerOf(tensor: Tensor, body: Graph | Model['functions'][number], layers: LayerNamer): string | null {
  if (!('initializers' in body)) return null;
  const [consumer] = indexGraph(body).consumers(tensor.name);
  return consumer === undefined ? null : layers(consumer);
}

/** Checks every stored tensor: dims, sizes, external files; with `scanWeights` also the values. */
export function checkTensors(
  model: Model,
  options: { readonly layers: LayerNamer; readonly scanWeights: boolean; readonly signal: AbortSignal | undefined },
  problems: ProblemList,
): void {
  const sizes: FileSizes = new Map();
  for (const body of walkBodies(model)) {
    for (const { tensor, node } of tensorsOfBody(body)) {
      const layer = node === undefined ? layerOf(tensor, body, options.layers) : options.layers(node);
      const finding =
        checkStorage(tensor, sizes) ?? (options.scanWeights ? safeScan(tensor, options.signal) : undefined);
      if (finding !== undefined) problems.add(finding[0], finding[1], finding[2], layer);
    }
  }
}

/** A typed field may turn out to be broken only when it is decoded. */
function safeScan(tensor: Tensor, signal: AbortSignal | undefined): Finding | undefined {
  try {
    return scan(tensor, signal);
  } catch (error) {
    if (!(error instanceof StudioError) || error.code === 'CANCELLED') throw error;
    return ['TENSOR_SIZE', 'error', error.message];
  }
}
