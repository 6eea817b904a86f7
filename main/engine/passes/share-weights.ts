import { createHash } from 'node:crypto';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Graph, Model, Tensor } from '../graph/ir.ts';
import { makeNode } from '../graph/make.ts';
import { tensorBytes, tensorValues } from '../graph/tensor-data.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { unchanged, type PassResult } from './pass.ts';

/** A weight that another one holds already, as it is or transposed. */
export interface Repeated {
  readonly tensor: Tensor;
  readonly first: Tensor;
  readonly transposed: boolean;
}

/** Smaller ones are not worth a look: scales, zero points, shapes. Zeros are equal by chance. */
const LEAST_BYTES = 1024;

/**
 * Initializers of the main graph of at least 1 KB that are equal, byte for byte, to an earlier one, or to its transpose
 * (an embedding and the output layer that is tied to it). Reads all weights once; transposes are compared by a sample first.
 */
export function repeatedWeights(graph: Graph): readonly Repeated[] {
  const index = indexGraph(graph);
  const large = graph.initializers.filter(
    ({ name, dtype, dims, storage }) =>
      dtype !== 'string' &&
      storage.kind !== 'strings' &&
      !index.isOutput(name) &&
      index.input(name) === undefined &&
      tensorByteLength({ dtype, dims, storage } as Tensor) >= LEAST_BYTES,
  );
  const repeated: Repeated[] = [];
  const firsts = new Map<string, Tensor>();
  for (const bucket of Map.groupBy(large, ({ dtype, dims }) => `${dtype} ${dims.join(' ')}`).values()) {
    for (const tensor of bucket) {
      const key = bucket.length === 1 ? tensor.name : `${tensor.dtype} ${tensor.dims.join(' ')} ${hashOf(tensor)}`;
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, tensor);
      else if (!isZero(tensor)) repeated.push({ tensor, first, transposed: false });
    }
  }
  return [...repeated, ...transposedAmong([...firsts.values()])];
}

function transposedAmong(tensors: readonly Tensor[]): readonly Repeated[] {
  const matrices = tensors.filter(({ dims, dtype }) => dims.length === 2 && dtype === 'float32' && dims[0] !== dims[1]);
  const found: Repeated[] = [];
  const used = new Set<Tensor>();
  for (const [at, tensor] of matrices.entries()) {
    const first = matrices
      .slice(0, at)
      .find((other) => !used.has(other) && other.dims[0] === tensor.dims[1] && other.dims[1] === tensor.dims[0]);
    if (first === undefined || !isTranspose(first, tensor)) continue;
    used.add(tensor);
    found.push({ tensor, first, transposed: true });
  }
  return found;
}

function isTranspose(a: Tensor, b: Tensor): boolean {
  const [rows = 0, columns = 0] = a.dims;
  const [x, y] = [tensorValues(a), tensorValues(b)];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (x[row * columns + column] !== y[column * rows + row]) return false;
    }
  }
  return true;
}

function isZero(tensor: Tensor): boolean {
  return tensorBytes(tensor).every((byte) => byte === 0);
}

function hashOf(tensor: Tensor): string {
  return createHash('sha256').update(tensorBytes(tensor)).digest('base64');
}

/** Stores what {@link repeatedWeights} finds once; a transposed one is transposed when the model loads. */
export function shareWeights(model: Model): PassResult {
  const repeated = repeatedWeights(model.graph);
  if (repeated.length === 0) return unchanged(model);
  const editor = new GraphEditor(model.graph);
  for (const { tensor, first, transposed } of repeated) {
    if (transposed) {
      const attributes = { perm: [1n, 0n] };
      const name = editor.freshNode(`${tensor.name}/transposed`);
      editor.prepend(makeNode('Transpose', [first.name], [tensor.name], { name, attributes }));
    } else editor.replaceUses(tensor.name, first.name);
    editor.removeInitializer(tensor.name);
  }
  const notes = [`${repeated.length} weights that others hold already are stored once.`];
  return { model: { ...model, graph: editor.build() }, sources: new Map(), notes };
}
