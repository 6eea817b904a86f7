import { GraphEditor } from '../graph/edit.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { float16ToFloat32, float32ToFloat16 } from '../tensor/half.ts';

/** New values of a constant input of a node; an input that was left out is added. */
export interface ConstantChange {
  readonly node: Node;
  readonly input: number;
  /** What is replaced; undefined: the input was left out. */
  readonly tensor: Tensor | undefined;
  readonly dtype: Tensor['dtype'];
  readonly dims: readonly number[];
  /** Rounded to the type. */
  readonly values: Float64Array;
}

/** The model with other constants. Initializers keep their names; what stood in Constant nodes becomes an initializer. */
export function writeConstants(model: Model, changes: readonly ConstantChange[]): Model {
  if (changes.length === 0) return model;
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  for (const { node, input, tensor, dtype, dims, values } of changes) {
    const current = editor.current(node) ?? node;
    const value = current.inputs[input] ?? '';
    const keepsName = tensor !== undefined && index.initializer(value) === tensor;
    const name = keepsName ? value : editor.freshValue(`${node.name}/${ROLES[input] ?? 'constant'}`);
    editor.setInitializer(makeTensor(name, dtype, dims, values));
    if (keepsName) continue;
    const inputs = Array.from({ length: Math.max(current.inputs.length, input + 1) }, (_, at) =>
      at === input ? name : (current.inputs[at] ?? ''),
    );
    editor.replaceNode(node, { ...current, inputs });
  }
  return { ...model, graph: editor.build({ dropUnused: true }) };
}

const ROLES: Readonly<Record<number, string>> = { 1: 'weight', 2: 'bias' };

/** The values as the type will hold them. */
export function roundedTo(dtype: Tensor['dtype'], values: Float64Array): Float64Array {
  if (dtype === 'float64') return values;
  if (dtype === 'float32') return Float64Array.from(values, Math.fround);
  return Float64Array.from(float16ToFloat32(float32ToFloat16(Float32Array.from(values))));
}
