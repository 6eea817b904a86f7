import { GraphEditor } from '../../graph/edit.ts';
import type { Model, Node, Tensor } from '../../graph/ir.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import { makeRawTensor, makeTensor } from '../../graph/make.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import { tensorByteLength } from '../../graph/tensor-size.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { addNode, blockLookupNode, blockProductNode, reshapeNode } from '../../operators/nodes.ts';
import { MICROSOFT } from '../../operators/spec.ts';
import { withoutDeadNodes } from '../../passes/dead-code.ts';
import type { Sources } from '../../passes/pass.ts';
import type { BlockCodes } from './block-codes.ts';
import type { CodedMatrix } from './code-matrices.ts';
import type { ProductUse, StoredMatrix } from './find-matrices.ts';
import { packedCodes, packedZeroPoints } from './pack-codes.ts';

type Coded = Pick<CodedMatrix, 'matrix' | 'codes'>;

export interface WrittenMatrices {
  readonly model: Model;
  /** The layers that new nodes stand for. */
  readonly sources: Sources;
  /** Bytes of codes, scales and zero points, by matrix. */
  readonly bytes: ReadonlyMap<StoredMatrix, number>;
}

/**
 * The model with codes in the place of its matrices, for the runtime's own kernels: MatMulNBits and GatherBlockQuantized. A
 * matrix that a table and a head share is stored once, and the table reads it in another shape.
 * @param accuracyLevel in which the products are computed: 4 is int8, 1 float32
 */
export function writeBlockKernels(model: Model, coded: readonly Coded[], accuracyLevel: number): WrittenMatrices {
  const writer = new Writer(model, accuracyLevel);
  const bytes = new Map(coded.map((each) => [each.matrix, writer.write(each)]));
  return { ...writer.build(), bytes };
}

/** The names of a written matrix. */
interface Stored {
  readonly codes: string;
  readonly scales: string;
  readonly zeroPoints: string | undefined;
}

class Writer {
  readonly #model: Model;
  readonly #editor: GraphEditor;
  readonly #accuracyLevel: number;
  readonly #sources = new Map<string, readonly string[]>();

  constructor(model: Model, accuracyLevel: number) {
    this.#model = model;
    this.#editor = new GraphEditor(model.graph);
    this.#accuracyLevel = accuracyLevel;
  }

  /** @returns bytes that it takes now */
  write({ matrix, codes }: Coded): number {
    const products = matrix.uses.filter((use) => use.kind === 'product');
    const lookups = matrix.uses.filter((use) => use.kind === 'lookup');
    const tensors = tensorsOf(matrix, codes, { asTable: products.length === 0 });
    const named = tensors.map((tensor) => ({ ...tensor, name: this.#editor.freshValue(tensor.name) }));
    for (const tensor of named) this.#editor.setInitializer(tensor);
    const [data, scales, zeroPoints] = named;
    const stored = { codes: data!.name, scales: scales!.name, zeroPoints: zeroPoints?.name };
    for (const use of products) this.#product(use, matrix, codes, stored);
    if (lookups.length > 0) {
      const table = products.length === 0 ? stored : this.#asTable(lookups[0]!.node, codes, stored);
      for (const { node } of lookups) this.#lookup(node, codes, table);
    }
    return named.reduce((sum, tensor) => sum + tensorByteLength(tensor), 0);
  }

  build(): { readonly model: Model; readonly sources: Sources } {
    const graph = withoutDeadNodes(this.#editor.build({ dropUnused: true }));
    const known = this.#model.opsetImports.some(({ domain }) => domain === MICROSOFT);
    const opsetImports = known
      ? this.#model.opsetImports
      : [...this.#model.opsetImports, { domain: MICROSOFT, version: 1, unknown: [] }];
    return { model: { ...this.#model, opsetImports, graph }, sources: this.#sources };
  }

  #product({ node, form }: ProductUse, matrix: StoredMatrix, codes: BlockCodes, stored: Stored): void {
    const { bits, block } = codes.format;
    const attributes = {
      K: BigInt(matrix.columns),
      N: BigInt(matrix.rows),
      bits: BigInt(bits),
      block_size: BigInt(block),
      accuracy_level: BigInt(this.#accuracyLevel),
    };
    const [output = ''] = node.outputs;
    const bias = this.#bias({ node, form }, matrix);
    const inputs = [node.inputs[0] ?? '', stored.codes, stored.scales, stored.zeroPoints ?? '', '', bias.inside];
    while (inputs.at(-1) === '') inputs.pop();
    const product = bias.behind === undefined ? output : this.#editor.freshValue(`${output}_product`);
    this.#editor.replaceNode(node, blockProductNode(inputs, product, { name: node.name, attributes }));
    if (bias.behind === undefined) return;
    const name = this.#editor.freshNode(`${node.name}_bias`);
    this.#sources.set(name, [node.name]);
    this.#editor.insertAfter(node, addNode([product, bias.behind], output, { name }));
  }

  /** Where a bias goes: into the kernel, where it is a constant for each output; else behind it. */
  #bias(
    { node, form }: Pick<ProductUse, 'node' | 'form'>,
    { rows, dtype }: StoredMatrix,
  ): { inside: string; behind: string | undefined } {
    const value = form.bias === undefined ? '' : (node.inputs[form.bias] ?? '');
    if (value === '') return { inside: '', behind: undefined };
    const constant = constantOf(indexGraph(this.#model.graph), value);
    if (constant === undefined) return { inside: '', behind: value };
    const values = tensorValues(constant);
    if (values.length !== 1 && values.length !== rows) return { inside: '', behind: value };
    const whole = Float32Array.from(
      { length: rows },
      (_, at) => Number(values[values.length === 1 ? 0 : at]) * form.biasScale,
    );
    const name = this.#editor.freshValue(`${value}_bias`);
    this.#editor.setInitializer(makeTensor(name, dtype, [rows], whole));
    return { inside: name, behind: undefined };
  }

  #lookup(node: Node, { format: { bits, block } }: BlockCodes, { codes, scales, zeroPoints }: Stored): void {
    const attributes = { bits: BigInt(bits), block_size: BigInt(block), gather_axis: 0n, quantize_axis: 1n };
    const inputs = [codes, node.inputs[1] ?? '', scales, ...(zeroPoints === undefined ? [] : [zeroPoints])];
    this.#editor.replaceNode(node, blockLookupNode(inputs, node.outputs[0] ?? '', { name: node.name, attributes }));
  }

  /** What a product stores, in the shape that a lookup takes: the runtime does this once, when it loads the model. */
  #asTable(node: Node, { rows, blocks, format: { bits, block } }: BlockCodes, stored: Stored): Stored {
    const reshaped = (value: string, dims: readonly number[]): string => {
      const shape = this.#editor.freshValue(`${value}_shape`);
      this.#editor.setInitializer(makeTensor(shape, 'int64', [dims.length], BigInt64Array.from(dims, BigInt)));
      const output = this.#editor.freshValue(`${value}_table`);
      const name = this.#editor.freshNode(`${node.name}_${output}`);
      this.#sources.set(name, [node.name]);
      this.#editor.prepend(reshapeNode([value, shape], output, { name }));
      return output;
    };
    return {
      codes: reshaped(stored.codes, [rows, (blocks * block * bits) / 8]),
      scales: reshaped(stored.scales, [rows, blocks]),
      zeroPoints:
        stored.zeroPoints === undefined
          ? undefined
          : reshaped(stored.zeroPoints, [rows, Math.ceil((blocks * bits) / 8)]),
    };
  }
}

/** Codes, scales and, where there are some, zero points. @param options.asTable in the shapes that lookups take */
function tensorsOf(
  { tensor: { name }, dtype }: StoredMatrix,
  coded: BlockCodes,
  { asTable }: { readonly asTable: boolean },
): readonly Tensor[] {
  const { rows, blocks, format, scales } = coded;
  const bytes = asTable ? packedCodes({ ...coded, codes: withoutPadding(coded) }) : packedCodes(coded);
  const dims = asTable ? [rows, bytes.length / rows] : [rows, blocks, (format.block * format.bits) / 8];
  const shaped = (length: number): readonly number[] => (asTable ? [rows, length / rows] : [length]);
  const made = [
    makeRawTensor(`${name}_int${format.bits}`, 'uint8', dims, bytes),
    makeTensor(`${name}_scales`, dtype, shaped(scales.length), scales),
  ];
  if (format.symmetric) return made;
  const zeroPoints = packedZeroPoints(coded);
  return [...made, makeRawTensor(`${name}_zeros`, 'uint8', shaped(zeroPoints.length), zeroPoints)];
}

/** [rows, columns]: tables are not filled up. */
function withoutPadding({ rows, columns, blocks, codes, format }: BlockCodes): Uint8Array {
  const width = blocks * format.block;
  if (width === columns) return codes;
  const tight = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) tight.set(codes.subarray(row * width, row * width + columns), row * columns);
  return tight;
}
