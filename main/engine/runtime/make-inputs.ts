import { StudioError } from '../../base/errors.ts';
import { float32ToFloat16 } from '../tensor/half.ts';
import { elementCount, type HostData, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';
import { seededRandom } from '../tensor/random.ts';
import type { Model } from '../graph/ir.ts';
import { inputLimits, type InputLimit } from '../operators/input-limits.ts';
import { assumeDims, type AskedDims } from './assume-dims.ts';
import { inputPorts, resolveInputDims, type InputDims } from './input-dims.ts';
import type { PortInfo } from './settings.ts';

export interface MadeInputs extends InputDims {
  readonly feeds: HostTensors;
}

/**
 * Makes inputs for a run of a model: sizes that fit its graph (`assumeDims`), and values that its operators take: indices
 * within their table, lengths within their sequence. Otherwise as {@link makeInputs}.
 * @param asked.guesses sizes to assume instead of searching for them
 */
export function makeModelInputs(
  model: Model,
  asked: AskedDims & { readonly seed?: number; readonly guesses?: Readonly<Record<string, number>> },
): MadeInputs {
  const { dims: guesses, inference } = assumeDims(model, asked);
  return makeInputs(inputPorts(model), { ...asked, guesses, limits: inputLimits(model, inference) });
}

/**
 * Makes inputs for a run by type, shape and name, the same for the same seed:
 * floats: standard normal, images (rank 4) uniform in [0, 1); integers: 0…7, small enough for any vocabulary;
 * inputs named like a mask: ones; like positions: 0, 1, 2 … along the last axis; like token types: zeros; like a sample
 * rate: 16000; like a length: the size of a dimension named so, else of the longest axis of all inputs; uint8: 0…255; booleans: random; strings: words.
 * @throws UNSUPPORTED for an input that is no tensor or whose type the runtime's binding does not take;
 *   SHAPE_MISMATCH for a batch that the model does not allow, or an input whose rank is unknown or that is
 *   larger than any memory
 */
export function makeInputs(
  inputs: readonly PortInfo[],
  {
    batch,
    dims,
    seed = 1,
    guesses = {},
    limits = new Map(),
  }: AskedDims & {
    readonly seed?: number;
    /** Sizes to assume for dimensions that are not given, by name. */
    readonly guesses?: Readonly<Record<string, number>>;
    readonly limits?: ReadonlyMap<string, InputLimit>;
  },
): MadeInputs {
  for (const port of inputs) {
    if (port.dtype === null) {
      throw new StudioError(
        'UNSUPPORTED',
        `Input '${port.name}' is a sequence, map or optional; only tensors can be made`,
      );
    }
    if (port.shape === null) {
      throw new StudioError('SHAPE_MISMATCH', `Input '${port.name}' has no declared rank, so none can be made for it`, {
        hint: 'Give inputs in a file.',
      });
    }
  }
  const resolved = resolveInputDims(inputs, { batch, dims, guesses });
  const random = seededRandom(seed);
  const sizeNamed = sizeByName(resolved);
  const feeds: Record<string, HostTensor> = {};
  for (const [index, port] of inputs.entries()) {
    const shape = resolved.shapes[index]!;
    requireMakeable(port, shape);
    feeds[port.name] = {
      dtype: port.dtype!,
      dims: shape,
      data: makeData(port, shape, { random, sizeNamed, limit: limits.get(port.name) }),
    };
  }
  return { ...resolved, feeds };
}

/** Elements of the largest typed array whose bytes any type can hold, and far more than a run takes. */
const MAX_ELEMENTS = 2 ** 31;

/** @throws SHAPE_MISMATCH for an input that no memory holds */
function requireMakeable({ name }: PortInfo, shape: readonly number[]): void {
  if (elementCount(shape) <= MAX_ELEMENTS) return;
  throw new StudioError(
    'SHAPE_MISMATCH',
    `Input '${name}' would be [${shape.join(', ')}], more than ${MAX_ELEMENTS} elements`,
    { hint: 'Choose a smaller batch, or smaller dimensions.' },
  );
}

interface Making {
  readonly random: () => number;
  /** A size for inputs that hold one. */
  readonly sizeNamed: (input: string) => number;
  readonly limit: InputLimit | undefined;
}

/** Sizes for inputs that say one: "past_len" is the size of a dimension with "past" in its name, others of the whole sequence. */
function sizeByName({ dims, shapes }: InputDims): (input: string) => number {
  const longest = Math.max(1, ...shapes.flat());
  const named = (pattern: RegExp, without: RegExp): number[] =>
    Object.entries(dims).flatMap(([name, size]) => (pattern.test(name) && !without.test(name) ? [size] : []));
  return (input) => {
    const lengths = named(/seq|len|time|frame|step|token/i, /past|total|\+/i);
    const past = named(/past/i, /\+/);
    if (/past/i.test(input)) return past[0] ?? longest;
    if (/total|seqlens_k/i.test(input) && lengths.length + past.length > 0) {
      const total = (lengths[0] ?? 0) + (past[0] ?? 0);
      // GroupQueryAttention counts from zero
      return /seqlens_k/i.test(input) ? Math.max(0, total - 1) : total;
    }
    return lengths.length > 0 ? Math.max(...lengths) : longest;
  };
}

function makeData(port: PortInfo, shape: readonly number[], making: Making): HostData {
  const count = elementCount(shape);
  const name = port.name.toLowerCase();
  const { random } = making;
  switch (port.dtype) {
    case 'float32':
    case 'float64':
    case 'float16': {
      const value = /mask/.test(name) ? () => 1 : shape.length === 4 ? random : () => normal(random);
      const values = Float32Array.from({ length: count }, value);
      if (port.dtype === 'float16') return float32ToFloat16(values);
      return port.dtype === 'float64' ? Float64Array.from(values) : values;
    }
    case 'bool':
      return Uint8Array.from({ length: count }, () => (/mask/.test(name) || random() < 0.5 ? 1 : 0));
    case 'string':
      return Array.from({ length: count }, () => WORDS[Math.floor(random() * WORDS.length)]!);
    case 'int64':
      return BigInt64Array.from({ length: count }, (_, index) => BigInt(integer(name, shape, index, making)));
    case 'uint64':
      return BigUint64Array.from({ length: count }, (_, index) => BigInt(integer(name, shape, index, making)));
    case 'int32':
      return Int32Array.from({ length: count }, (_, index) => integer(name, shape, index, making));
    case 'uint32':
      return Uint32Array.from({ length: count }, (_, index) => integer(name, shape, index, making));
    case 'int16':
      return Int16Array.from({ length: count }, (_, index) => integer(name, shape, index, making));
    case 'uint16':
      return Uint16Array.from({ length: count }, (_, index) => integer(name, shape, index, making));
    case 'int8':
      return Int8Array.from({ length: count }, () => Math.floor(random() * 256) - 128);
    case 'uint8':
      return Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
    case 'int4':
    case 'uint4':
      return Uint8Array.from({ length: Math.ceil(count / 2) }, () => Math.floor(random() * 256));
    default:
      throw new StudioError(
        'UNSUPPORTED',
        `Input '${port.name}': the runtime's binding takes no ${port.dtype} tensors`,
      );
  }
}

const WORDS = ['amber', 'beryl', 'coral', 'garnet', 'jade', 'opal', 'topaz'];

function integer(name: string, shape: readonly number[], index: number, making: Making): number {
  const { random, sizeNamed, limit } = making;
  if (limit?.kind === 'length') return limit.limit;
  const most = limit === undefined ? Infinity : Math.max(0, limit.limit - 1);
  if (/mask/.test(name)) return Math.min(1, most);
  if (/position/.test(name)) return Math.min(index % (shape.at(-1) ?? 1), most);
  if (/token_type|segment/.test(name)) return 0;
  if (limit?.kind === 'index') return Math.floor(random() * Math.min(8, limit.limit));
  if (/^sr$|sample_?rate/.test(name)) return 16000;
  if (/len/.test(name)) return sizeNamed(name);
  return Math.floor(random() * 8);
}

/** Standard normal. @see Box and Muller 1958 */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
