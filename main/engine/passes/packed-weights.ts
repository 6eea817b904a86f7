/** MatMulNBits: products with weights packed in 2, 4 or 8 bits, and which of their forms ONNX Runtime 1.30 has a fast CPU kernel for. */
import { intAttribute, makeAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorBytes, tensorValues } from '../graph/tensor-data.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { MICROSOFT } from '../operators/spec.ts';
import { unchanged, type PassResult } from './pass.ts';

/** A product with packed weights, B [N, ceil(K / block), block·bits / 8]. */
export interface PackedProduct {
  readonly node: Node;
  readonly bits: number;
  readonly block: number;
  readonly k: number;
  readonly n: number;
  readonly accuracyLevel: number;
  readonly zeroPoints: Tensor | undefined;
  /** Whether zero points are floats, for which there is no fast kernel. */
  readonly floatZeroPoints: boolean;
  readonly groupIndex: Tensor | undefined;
}

/** What keeps a packed product from the fast kernels. */
export type SlowSetting = 'float-zero-points' | 'group-index' | 'accuracy-level' | 'block-of-2-bits';

/** The packed products of the main graph. */
export function packedProducts(index: GraphIndex): readonly PackedProduct[] {
  return index.graph.nodes.flatMap((node) => {
    if (node.opType !== 'MatMulNBits' || node.domain !== MICROSOFT) return [];
    const zeroName = node.inputs[3] ?? '';
    const groupName = node.inputs[4] ?? '';
    const zeroPoints = zeroName === '' ? undefined : constantOf(index, zeroName);
    return [
      {
        node,
        bits: intAttribute(node, 'bits', 4),
        block: intAttribute(node, 'block_size', 32),
        k: intAttribute(node, 'K', 0),
        n: intAttribute(node, 'N', 0),
        accuracyLevel: intAttribute(node, 'accuracy_level', 0),
        zeroPoints,
        floatZeroPoints: zeroPoints?.dtype.startsWith('float') === true,
        groupIndex: groupName === '' ? undefined : constantOf(index, groupName),
      },
    ];
  });
}

/**
 * The settings that fall off the fast path. Measured on 2048 × 2048 with one row: float zero points and a group index take
 * 60–90 times as long as packed ones; 2 bits with blocks of 16 or 256 some 100 times as long as with 64; 8 and 2 bits without
 * accuracy level 4 some 70–100 times; 4 bits without it 3 times.
 */
export function slowSettings({
  bits,
  block,
  accuracyLevel,
  floatZeroPoints,
  groupIndex,
}: PackedProduct): readonly SlowSetting[] {
  return [
    ...(floatZeroPoints ? (['float-zero-points'] as const) : []),
    ...(groupIndex === undefined ? [] : (['group-index'] as const)),
    ...(accuracyLevel === 4 ? [] : (['accuracy-level'] as const)),
    ...(bits === 2 && (block === 16 || block === 256) ? (['block-of-2-bits'] as const) : []),
  ];
}

/** Of the slow settings, those that {@link fastPackedWeights} can take away without changing what a weight stands for. */
export function mendableSettings(product: PackedProduct): readonly SlowSetting[] {
  return slowSettings(product).filter((setting) => {
    if (setting === 'float-zero-points') return packedZeroPoints(product) !== undefined;
    if (setting === 'group-index') return saysNothing(product);
    return setting === 'accuracy-level' || product.block === 256;
  });
}

/**
 * Writes packed products in the form that the fast kernels take: accuracy level 4 (data in int8), float zero points that are
 * whole as packed ones, no group index where it only counts blocks, 2-bit blocks of 256 as two of 128 with equal scales.
 * Weights stand for the same; rounding of the data to int8 is new.
 */
export function fastPackedWeights(model: Model): PassResult {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  let changed = 0;
  for (const product of packedProducts(index)) {
    const mended = new Set(mendableSettings(product));
    if (mended.size === 0) continue;
    changed++;
    const { node } = product;
    let [inputs, attributes] = [[...node.inputs], [...node.attributes]];
    const set = (name: string, value: bigint): void => {
      attributes = [...attributes.filter((one) => one.name !== name), makeAttribute(name, value)];
    };
    if (mended.has('accuracy-level')) set('accuracy_level', 4n);
    if (mended.has('group-index')) inputs[4] = '';
    if (mended.has('float-zero-points')) {
      const packed = packedZeroPoints(product)!;
      inputs[3] = editor.freshValue(`${node.inputs[3]}_packed`);
      editor.setInitializer(makeTensor(inputs[3], 'uint8', [packed.length], packed));
    }
    if (mended.has('block-of-2-bits')) {
      const halved = inHalfBlocks(product, index, inputs);
      if (halved !== undefined) {
        set('block_size', 128n);
        for (const [at, tensor] of halved) {
          inputs[at] = editor.freshValue(`${node.inputs[at]}_128`);
          editor.setInitializer({ ...tensor, name: inputs[at] });
        }
      }
    }
    while (inputs.at(-1) === '') inputs = inputs.slice(0, -1);
    editor.replaceNode(node, { ...node, inputs, attributes });
  }
  if (changed === 0) return unchanged(model);
  const graph = editor.build({ dropUnused: true });
  const notes = [`${changed} products with packed weights compute in int8 on the fast path.`];
  return { model: { ...model, graph }, sources: new Map(), notes };
}

/** Float zero points as packed codes, a whole number of bytes for each row; undefined where one is no whole code. */
function packedZeroPoints({ zeroPoints, floatZeroPoints, bits, block, k, n }: PackedProduct): Uint8Array | undefined {
  if (!floatZeroPoints || zeroPoints === undefined) return undefined;
  const values = tensorValues(zeroPoints);
  const blocks = Math.ceil(k / block);
  if (values.length !== n * blocks) return undefined;
  const top = 2 ** bits - 1;
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isInteger(value) || value < 0 || value > top) return undefined;
  }
  return packRows((row, at) => Number(values[row * blocks + at]), { rows: n, columns: blocks, bits });
}

function packRows(
  code: (row: number, column: number) => number,
  { rows, columns, bits }: { readonly rows: number; readonly columns: number; readonly bits: number },
): Uint8Array {
  const bytes = Math.ceil((columns * bits) / 8);
  const packed = new Uint8Array(rows * bytes);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const bit = column * bits;
      packed[row * bytes + (bit >> 3)]! |= code(row, column) << (bit & 7);
    }
  }
  return packed;
}

/** Whether the group index gives each element the block that it lies in anyway. */
function saysNothing({ groupIndex, block, k }: PackedProduct): boolean {
  if (groupIndex === undefined) return false;
  const values = tensorValues(groupIndex);
  for (let i = 0; i < Math.min(k, values.length); i++) if (Number(values[i]) !== Math.floor(i / block)) return false;
  return values.length >= k;
}

/** Codes, scales and zero points of blocks of 256 as blocks of 128, by place of the input. */
function inHalfBlocks(
  { bits, block, k, n }: PackedProduct,
  index: GraphIndex,
  inputs: readonly string[],
): ReadonlyMap<number, Tensor> | undefined {
  const [codes, scales] = [1, 2].map((at) => constantOf(index, inputs[at] ?? ''));
  if (codes === undefined || scales === undefined || block !== 256) return undefined;
  const [before, after] = [Math.ceil(k / 256), Math.ceil(k / 128)];
  const halfBytes = (128 * bits) / 8;
  const rows = tensorBytes(codes);
  const kept = new Uint8Array(n * after * halfBytes);
  for (let row = 0; row < n; row++) {
    const from = row * before * 2 * halfBytes;
    kept.set(rows.subarray(from, from + after * halfBytes), row * after * halfBytes);
  }
  const values = tensorValues(scales);
  const doubled = Float64Array.from({ length: n * after }, (_, at) =>
    Number(values[Math.floor(at / after) * before + ((at % after) >> 1)]),
  );
  const parts = new Map([
    [1, makeTensor(codes.name, 'uint8', [n, after, halfBytes], kept)],
    [2, makeTensor(scales.name, scales.dtype, [n * after], doubled)],
  ]);
  const zero = constantOf(index, inputs[3] ?? '');
  if ((inputs[3] ?? '') === '') return parts;
  if (zero === undefined || zero.dtype !== 'uint8') return undefined;
  const bytes = tensorBytes(zero);
  const rowBytes = Math.ceil((before * bits) / 8);
  const old = (row: number, column: number): number => {
    const bit = (column >> 1) * bits;
    return (bytes[row * rowBytes + (bit >> 3)]! >> (bit & 7)) & (2 ** bits - 1);
  };
  const packed = packRows(old, { rows: n, columns: after, bits });
  return parts.set(3, makeTensor(zero.name, 'uint8', [packed.length], packed));
}
