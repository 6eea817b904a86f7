import { GraphEditor } from '../../graph/edit.ts';
import type { Model, Tensor } from '../../graph/ir.ts';
import { makeTensor } from '../../graph/make.ts';
import { tensorByteLength } from '../../graph/tensor-size.ts';
import { dequantizeNode } from '../../operators/nodes.ts';
import { withoutDeadNodes } from '../../passes/dead-code.ts';
import type { DType } from '../../tensor/dtype.ts';
import { middleOf, type BlockCodes } from './block-codes.ts';
import type { CodedMatrix } from './code-matrices.ts';
import { takesRowsFirst, type StoredMatrix } from './find-matrices.ts';
import { transposed } from './matrix-values.ts';
import type { WrittenMatrices } from './write-matrices.ts';

/**
 * The model with its matrices as codes behind a DequantizeLinear each, in standard operators. Each matrix lies as it lay.
 * @param model in an opset that has such a DequantizeLinear
 */
export function writeDequantized(
  model: Model,
  coded: readonly Pick<CodedMatrix, 'matrix' | 'codes'>[],
): WrittenMatrices {
  const editor = new GraphEditor(model.graph);
  const sources = new Map<string, readonly string[]>();
  const bytes = new Map<StoredMatrix, number>();
  for (const { matrix, codes } of coded) {
    let size = 0;
    const products = matrix.uses.filter((use) => use.kind === 'product');
    for (const [rowsFirst, uses] of Map.groupBy(products, ({ form }) => takesRowsFirst(form))) {
      const { tensors, attributes } = standardTensors({ ...matrix, rowsFirst }, codes);
      const named = tensors.map((tensor) => ({ ...tensor, name: editor.freshValue(tensor.name) }));
      for (const tensor of named) editor.setInitializer(tensor);
      const first = uses[0]!.node;
      const output = editor.freshValue(`${matrix.tensor.name}_float`);
      const name = editor.freshNode(`${first.name}_weights`);
      sources.set(name, [first.name]);
      const inputs = named.map((tensor) => tensor.name);
      editor.prepend(dequantizeNode(inputs, output, { name, attributes }));
      for (const { node, form } of uses) editor.replaceInput(node, form.weight, output);
      size += named.reduce((sum, tensor) => sum + tensorByteLength(tensor), 0);
    }
    bytes.set(matrix, size);
  }
  const graph = withoutDeadNodes(editor.build({ dropUnused: true }));
  return { model: { ...model, graph }, sources, bytes };
}

function needsBlocks({ blocks, format }: BlockCodes): boolean {
  return blocks > 1 || format.bits < 8;
}

interface Standard {
  /** Codes, scales and, where there are some, zero points, as DequantizeLinear takes them. */
  readonly tensors: readonly Tensor[];
  readonly attributes: Readonly<Record<string, bigint>>;
}

function standardTensors({ tensor, dtype: scaleType, factor, rowsFirst }: StoredMatrix, codes: BlockCodes): Standard {
  const { rows, columns, blocks, format } = codes;
  const { bits, symmetric, block } = format;
  const shift = symmetric ? middleOf(format) : 0;
  const dtype: DType = `${symmetric ? '' : 'u'}int${bits as 4 | 8}`;
  /** [rows, width] or turned. */
  const laid = (values: Float32Array, width: number): Float32Array =>
    rowsFirst ? values : transposed(values, { rows, columns: width });
  const dims = (width: number): readonly number[] => (rowsFirst ? [rows, width] : [width, rows]);
  const integers = (values: Float32Array): Int8Array | Uint8Array =>
    symmetric ? Int8Array.from(values) : Uint8Array.from(values);
  // The layer goes on multiplying by its own factor.
  const scales = factor === 1 ? codes.scales : codes.scales.map((scale) => scale / factor);
  const tight = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < columns; at++) tight[row * columns + at] = codes.codes[row * blocks * block + at]! - shift;
  }
  const shape = blocks > 1 || bits < 8 ? dims(blocks) : [rows];
  const made = [
    makeTensor(`${tensor.name}_int${bits}`, dtype, dims(columns), integers(laid(tight, columns))),
    makeTensor(`${tensor.name}_scales`, scaleType, shape, laid(scales, blocks)),
  ];
  if (!symmetric) {
    made.push(
      makeTensor(`${tensor.name}_zeros`, dtype, shape, integers(laid(Float32Array.from(codes.zeroPoints), blocks))),
    );
  }
  const [output, input] = rowsFirst ? [0n, 1n] : [1n, 0n];
  return {
    tensors: made,
    attributes: needsBlocks(codes) ? { axis: input, block_size: BigInt(block) } : { axis: output },
  };
}
