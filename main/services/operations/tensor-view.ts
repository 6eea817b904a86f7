import { createHash } from 'node:crypto';
import type { TaskContext } from '../../base/progress.ts';
import { writeWhole } from '../../base/write-whole.ts';
import type { TensorPage, TensorView } from '../../contract/tensor-view.ts';
import type { Model, Tensor } from '../../engine/graph/ir.ts';
import { tensorBytePieces } from '../../engine/graph/tensor-data.ts';
import { walkNodes } from '../../engine/graph/walk.ts';
import type { DType } from '../../engine/tensor/dtype.ts';
import { npyHead } from '../../engine/tensor/write-npy.ts';
import type { NumericArray } from '../../engine/tensor/numeric.ts';
import { summarize } from '../../engine/tensor/summarize.ts';
import { channelRanges } from '../../engine/tensor/view/channels.ts';
import { tensorPicture } from '../../engine/tensor/view/picture.ts';
import { constantsOf } from './graph-view.ts';
import { openShared } from './opened-models.ts';
import type { OperationParams } from './operation-map.ts';
import { findWeight, readTensor, type TensorNumbers } from './read-tensor.ts';

const BINS = 128;
/** Least normal numbers: 2^-126 and 2^-14. */
const LEAST_NORMAL: Partial<Record<DType, number>> = { float32: 2 ** -126, bfloat16: 2 ** -126, float16: 2 ** -14 };
/** Bytes hashed at a time. */
const PIECE = 1 << 24;

/**
 * Statistics, channels and a picture of one tensor, and for a weight who else holds or reads it.
 * @throws what reading it throws
 */
export async function tensorView(
  { tensor: asked, axis, slice }: OperationParams<'tensorView'>,
  context: TaskContext,
): Promise<TensorView> {
  const tensor = await readTensor(asked, context);
  const { name, dtype, dims, values, texts, on } = tensor;
  const weight = asked.kind === 'weight' ? (await openShared(asked.path)).model : null;
  const shared = weight === null ? { duplicates: [], users: [] } : sharing(weight, name);
  if (texts !== null) return { ...textView(tensor, texts), ...shared };
  const summary = summarize(values, { bins: BINS });
  const along = axis ?? (asked.kind === 'value' ? 1 : 0);
  const ranges = dims.length === 0 ? null : channelRanges(values, dims, Math.min(along, dims.length - 1));
  const channels = ranges === null ? null : { ...ranges, outliers: [...ranges.outliers] };
  const picture = tensorPicture(values, dims, { kind: asked.kind, slice }) ?? null;
  const shape = [...dims];
  return { name, dtype, shape, ...summary, denormal: denormals(dtype, values), channels, picture, ...shared, on };
}

function textView(
  { name, dtype, dims, on }: TensorNumbers,
  texts: readonly string[],
): Omit<TensorView, 'duplicates' | 'users'> {
  const none = { min: null, max: null, mean: null, std: null, zeros: 0, nan: 0, infinite: 0, histogram: null };
  const nothing = { denormal: 0, channels: null, picture: null };
  return { name, dtype, shape: [...dims], elements: texts.length, ...none, ...nothing, on };
}

function denormals(dtype: DType, values: NumericArray): number {
  const least = LEAST_NORMAL[dtype];
  if (least === undefined) return 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(Number(values[i]!));
    if (size > 0 && size < least) count++;
  }
  return count;
}

/** Layers that read a weight, and other weights with the same bytes. */
function sharing(model: Model, name: string): Pick<TensorView, 'duplicates' | 'users'> {
  const users = [...walkNodes(model)].filter(({ node }) => node.inputs.includes(name)).map(({ layer }) => layer);
  const own = findWeight(model, name);
  const alike = [...constantsOf(model).values()].filter(
    (other) => other.name !== name && other.dtype === own.dtype && other.dims.join() === own.dims.join(),
  );
  if (alike.length === 0 || own.dtype === 'string') return { duplicates: [], users };
  const hash = hashOf(own);
  return { duplicates: alike.filter((other) => hashOf(other) === hash).map((other) => other.name), users };
}

function hashOf(tensor: Tensor): string {
  const hash = createHash('sha1');
  for (const piece of tensorBytePieces(tensor, PIECE)) hash.update(piece);
  return hash.digest('hex');
}

/** Values from `offset` on, in the order in which they are stored. @throws what reading it throws */
export async function tensorPage(
  { tensor: asked, offset, count }: OperationParams<'tensorPage'>,
  context: TaskContext,
): Promise<TensorPage> {
  const { values, texts } = await readTensor(asked, context);
  if (texts !== null) return { offset, values: texts.slice(offset, offset + count) };
  return { offset, values: Float64Array.from(values.subarray(offset, offset + count), Number) };
}

/** Writes the tensor as an .npy file, whole or not at all. @throws UNSUPPORTED for types that NumPy does not have; WRITE_FAILED */
export async function tensorFile(
  { tensor: asked, output }: OperationParams<'tensorFile'>,
  context: TaskContext,
): Promise<{ bytes: number }> {
  const { dtype, dims, bytes } = await readTensor(asked, context);
  const content = Buffer.concat([npyHead(dtype, dims), bytes()]);
  await writeWhole(output, content);
  return { bytes: content.length };
}
