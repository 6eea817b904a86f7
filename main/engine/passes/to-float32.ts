import { makeAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import type { Attribute, FunctionDef, Graph, Model, Node, Tensor, ValueInfo, ValueType } from '../graph/ir.ts';
import { makeNode, makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import type { DType } from '../tensor/dtype.ts';
import { unchanged, type PassResult } from './pass.ts';

const OTHER_FLOATS: ReadonlySet<DType> = new Set<DType>(['float64', 'float16', 'bfloat16']);
/** TensorProto.DataType of these, and of float32. */
const CODES: ReadonlySet<bigint> = new Set([11n, 10n, 16n]);
const FLOAT32 = 1n;

/** Attributes that name an element type. */
const TYPE_ATTRIBUTES: ReadonlySet<string> = new Set(['to', 'dtype', 'stash_type', 'output_dtype']);

/**
 * Writes double and half precision as float32: weights, constants, casts and declared types, in subgraphs and functions too.
 * Inputs and outputs of the model keep their types, behind casts. Values beyond float32 become infinite.
 */
export function toFloat32(model: Model): PassResult {
  let changed = 0;
  const convert = new Conversion(() => changed++);
  const graph = convert.graph(model.graph);
  const functions = model.functions.map((one) => convert.functionDef(one));
  if (changed === 0) return unchanged(model);
  return { model: { ...model, graph: castEdges(model.graph, graph), functions }, sources: new Map(), notes: [] };
}

class Conversion {
  readonly #count: () => void;

  constructor(count: () => void) {
    this.#count = count;
  }

  graph(graph: Graph): Graph {
    return {
      ...graph,
      nodes: graph.nodes.map((node) => this.#node(node)),
      initializers: graph.initializers.map((tensor) => this.#tensor(tensor)),
      inputs: graph.inputs.map((info) => this.#info(info)),
      outputs: graph.outputs.map((info) => this.#info(info)),
      valueInfos: graph.valueInfos.map((info) => this.#info(info)),
    };
  }

  functionDef(definition: FunctionDef): FunctionDef {
    return { ...definition, nodes: definition.nodes.map((node) => this.#node(node)) };
  }

  #node(node: Node): Node {
    const attributes = node.attributes.map((attribute) => this.#attribute(attribute));
    return attributes.every((one, at) => one === node.attributes[at]) ? node : { ...node, attributes };
  }

  #attribute(attribute: Attribute): Attribute {
    if (attribute.type === 'tensor') {
      const value = this.#tensor(attribute.value);
      return value === attribute.value ? attribute : { ...attribute, value };
    }
    if (attribute.type === 'graph') return { ...attribute, value: this.graph(attribute.value) };
    if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map((one) => this.graph(one)) };
    if (attribute.type !== 'int' || !TYPE_ATTRIBUTES.has(attribute.name) || !CODES.has(attribute.value))
      return attribute;
    this.#count();
    return makeAttribute(attribute.name, FLOAT32);
  }

  #tensor(tensor: Tensor): Tensor {
    if (!OTHER_FLOATS.has(tensor.dtype)) return tensor;
    this.#count();
    const values = tensorValues(tensor);
    const real =
      values instanceof Float32Array
        ? values
        : Float32Array.from({ length: values.length }, (_, i) => Number(values[i]));
    return { ...makeTensor(tensor.name, 'float32', tensor.dims, real), docString: tensor.docString };
  }

  #info(info: ValueInfo): ValueInfo {
    const type = info.type === undefined ? undefined : this.#type(info.type);
    return type === info.type ? info : { ...info, type };
  }

  #type(type: ValueType): ValueType {
    if (type.kind === 'sequence' || type.kind === 'optional') {
      return type.element === undefined ? type : { ...type, element: this.#type(type.element) };
    }
    if (type.kind !== 'tensor' || type.dtype === undefined || !OTHER_FLOATS.has(type.dtype)) return type;
    this.#count();
    return { ...type, dtype: 'float32' };
  }
}

/** Casts at the model's inputs and outputs, which keep the types that they had. */
function castEdges(before: Graph, after: Graph): Graph {
  const editor = new GraphEditor(after);
  const held = new Set(after.initializers.map(({ name }) => name));
  const kept = (infos: readonly ValueInfo[], changed: readonly ValueInfo[]): readonly ValueInfo[] =>
    changed.map((info, at) => (held.has(info.name) ? info : infos[at]!));
  for (const [at, info] of before.inputs.entries()) {
    if (after.inputs[at] === info || held.has(info.name)) continue;
    const inside = editor.freshValue(`${info.name}_float32`);
    editor.prepend(castNode(info.name, inside, FLOAT32, editor.freshNode(`${info.name}/float32`)));
    editor.replaceUses(info.name, inside);
  }
  const makers = new Map(after.nodes.flatMap((node) => node.outputs.map((value, place) => [value, { node, place }])));
  for (const [at, info] of before.outputs.entries()) {
    const maker = makers.get(info.name);
    if (after.outputs[at] === info || maker === undefined) continue;
    const inside = editor.freshValue(`${info.name}_float32`);
    editor.replaceOutput(maker.node, maker.place, inside);
    editor.replaceUses(info.name, inside);
    editor.append(castNode(inside, info.name, codeOf(info), editor.freshNode(`${info.name}/cast`)));
  }
  editor.setInputs(kept(before.inputs, after.inputs));
  editor.setOutputs(kept(before.outputs, after.outputs));
  return editor.build();
}

function castNode(from: string, to: string, type: bigint, name: string): Node {
  return makeNode('Cast', [from], [to], { name, attributes: { to: type } });
}

function codeOf({ type }: ValueInfo): bigint {
  const dtype = type?.kind === 'tensor' ? type.dtype : undefined;
  return dtype === 'float64' ? 11n : dtype === 'bfloat16' ? 16n : 10n;
}
