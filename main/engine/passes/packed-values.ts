import { intAttribute } from '../graph/attributes.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorBytes, tensorValues } from '../graph/tensor-data.ts';
import { elementCount } from '../graph/tensor-size.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { MICROSOFT } from '../operators/spec.ts';

/** Weights that a contributed kernel holds packed in 2, 4 or 8 bits: which input they are, and what they stand for. */
export interface PackedWeights {
  readonly input: number;
  /** Inputs that say how the codes are to be read. */
  readonly settings: readonly number[];
  /** Real values in the shape that the float operator takes them in, float32: [K, N] of a product, [rows, width] of a table. */
  readonly read: () => Tensor;
  /** The same with its axes turned: [N, K] of a product. */
  readonly turned?: () => Tensor;
}

/**
 * The packed weights of a node (com.microsoft: MatMulNBits, GatherBlockQuantized of uint8 along its last axis); undefined of any other,
 * and where codes, scales or zero points are computed or do not fit.
 */
export function packedWeights(index: GraphIndex, node: Node): PackedWeights | undefined {
  if (node.domain !== MICROSOFT) return undefined;
  const bits = intAttribute(node, 'bits', 4);
  if (node.opType === 'MatMulNBits') {
    const [rows, width] = [intAttribute(node, 'N', 0), intAttribute(node, 'K', 0)];
    const form = { rows, width, bits, block: intAttribute(node, 'block_size', 32) };
    const values = unpack(
      index,
      [1, 2, 3, 4].map((at) => node.inputs[at] ?? ''),
      form,
    );
    if (values === undefined) return undefined;
    const name = node.inputs[1]!;
    const turned = (): Tensor => makeTensor(name, 'float32', [rows, width], values());
    return {
      input: 1,
      settings: [2, 3, 4],
      turned,
      read: () => makeTensor(name, 'float32', [width, rows], turn(values(), form)),
    };
  }
  if (node.opType !== 'GatherBlockQuantized') return undefined;
  const name = node.inputs[0] ?? '';
  const codes = name === '' ? undefined : constantOf(index, name);
  const [rows = 0, bytes = 0] = codes?.dims ?? [];
  const along = intAttribute(node, 'quantize_axis', 1);
  if (codes?.dtype !== 'uint8' || codes.dims.length !== 2 || (along !== 1 && along !== -1)) return undefined;
  if (intAttribute(node, 'gather_axis', 0) !== 0) return undefined;
  const width = (bytes * 8) / bits;
  const form = { rows, width, bits, block: intAttribute(node, 'block_size', 128) };
  const values = unpack(index, [name, node.inputs[2] ?? '', node.inputs[3] ?? '', ''], form);
  if (values === undefined) return undefined;
  return { input: 0, settings: [2, 3], read: () => makeTensor(name, 'float32', [rows, width], values()) };
}

interface PackedForm {
  readonly rows: number;
  /** Values in a row. */
  readonly width: number;
  readonly bits: number;
  /** Values that share a scale. */
  readonly block: number;
}

/**
 * (code − zero point)·scale of every value, [rows, width]: codes lie in whole blocks with the first in the lowest bits, zero points
 * alike with whole bytes for each row; without zero points they are the middle code.
 * @param names of codes, scales, zero points and group index ('': none)
 */
function unpack(
  index: GraphIndex,
  names: readonly string[],
  { rows, width, bits, block }: PackedForm,
): (() => Float32Array) | undefined {
  const [codes, scales, zeros, groups] = names.map((name) => (name === '' ? undefined : constantOf(index, name)));
  if (codes === undefined || scales === undefined) return undefined;
  if ((names[2] !== '' && zeros === undefined) || (names[3] !== '' && groups === undefined)) return undefined;
  const blocks = Math.ceil(width / block);
  const rowBytes = elementCount(codes.dims) / Math.max(1, rows);
  const scaleCount = elementCount(scales.dims);
  if (codes.dtype !== 'uint8' || rowBytes * 8 < width * bits || scaleCount !== rows * blocks) return undefined;
  return () => {
    const bytes = tensorBytes(codes);
    const steps = tensorValues(scales);
    const group = groups === undefined ? undefined : tensorValues(groups);
    const zeroOf = zeroPoints(zeros, { blocks, bits });
    const values = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      for (let at = 0; at < width; at++) {
        const own = group === undefined ? Math.floor(at / block) : Number(group[at]);
        const code = codeAt(bytes, row * rowBytes, at, bits);
        values[row * width + at] = (code - zeroOf(row, own)) * Number(steps[row * blocks + own]);
      }
    }
    return values;
  };
}

function zeroPoints(
  zeros: Tensor | undefined,
  { blocks, bits }: { readonly blocks: number; readonly bits: number },
): (row: number, block: number) => number {
  if (zeros === undefined) return () => 2 ** (bits - 1);
  if (zeros.dtype !== 'uint8') {
    const values = tensorValues(zeros);
    return (row, block) => Number(values[row * blocks + block]);
  }
  const bytes = tensorBytes(zeros);
  const rowBytes = Math.ceil((blocks * bits) / 8);
  return (row, block) => codeAt(bytes, row * rowBytes, block, bits);
}

function codeAt(bytes: Uint8Array, from: number, place: number, bits: number): number {
  const bit = place * bits;
  return (bytes[from + (bit >> 3)]! >> (bit & 7)) & (2 ** bits - 1);
}

function turn(values: Float32Array, { rows, width }: PackedForm): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++) turned[at * rows + row] = values[row * width + at]!;
  }
  return turned;
}
