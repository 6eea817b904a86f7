import type { LayerJson } from '../../contract/layer-json.ts';
import type { Attribute, Model, Tensor } from '../../engine/graph/ir.ts';
import { tensorStrings, tensorValues } from '../../engine/graph/tensor-data.ts';
import { elementCount } from '../../engine/graph/tensor-size.ts';
import type { VisitedNode } from '../../engine/graph/walk.ts';
import { storageBytes } from '../../engine/tensor/dtype.ts';
import { operatorSpec } from '../../engine/operators/table.ts';
import type { Inference } from '../../engine/operators/inference.ts';
import { constantsOf } from './graph-view.ts';

type NodeJson = LayerJson['nodes'][number];
type ValueJson = NodeJson['outputs'][number];

/** Elements of a tensor among the attributes that are written out. */
const MOST_ELEMENTS = 1024;

const utf8 = new TextDecoder();

/** The nodes of a layer as plain data: every attribute with its value, every input and output with its type. */
export function nodesAsJson(model: Model, nodes: readonly VisitedNode[], inference: Inference): NodeJson[] {
  const constants = constantsOf(model);
  const opsets = new Map(model.opsetImports.map(({ domain, version }) => [domain, version]));
  return nodes.map(({ node, layer, parent }) => {
    const roles = operatorSpec(node.domain, node.opType)?.inputRoles ?? [];
    const valueOf = (name: string): ValueJson => {
      const stored = constants.get(name);
      if (stored !== undefined) {
        const bytes = storageBytes(stored.dtype, elementCount(stored.dims));
        return {
          name,
          dtype: stored.dtype,
          shape: [...stored.dims],
          stored: true,
          ...(bytes === undefined ? {} : { bytes }),
        };
      }
      const known = inference.values.get(name);
      return {
        name,
        dtype: known?.dtype ?? null,
        shape: known?.shape === undefined ? null : [...known.shape],
        stored: false,
      };
    };
    return {
      name: layer,
      op: node.opType,
      domain: node.domain,
      opset: opsets.get(node.domain) ?? opsets.get(node.domain === '' ? 'ai.onnx' : '') ?? null,
      within: parent,
      attributes: Object.fromEntries(node.attributes.map((attribute) => [attribute.name, attributeValue(attribute)])),
      inputs: node.inputs.map((name, at) => ({
        ...valueOf(name),
        role: roles[Math.min(at, roles.length - 1)] ?? null,
      })),
      outputs: node.outputs.map(valueOf),
      doc: node.docString,
    };
  });
}

/** An attribute's value as JSON; whole numbers that JSON cannot hold exactly as text. */
function attributeValue(attribute: Attribute): unknown {
  switch (attribute.type) {
    case 'float':
      return floatJson(attribute.value);
    case 'floats':
      return [...attribute.value].map(floatJson);
    case 'int':
      return wholeJson(attribute.value);
    case 'ints':
      return [...attribute.value].map(wholeJson);
    case 'string':
      return utf8.decode(attribute.value);
    case 'strings':
      return attribute.value.map((text) => utf8.decode(text));
    case 'tensor':
      return tensorJson(attribute.value);
    case 'tensors':
      return attribute.value.map(tensorJson);
    case 'graph':
      return graphJson(attribute.value);
    case 'graphs':
      return attribute.value.map(graphJson);
    case 'sparseTensor':
      return {
        sparse: true,
        dims: [...attribute.value.dims].map(wholeJson),
        values: tensorJson(attribute.value.values),
      };
    case 'sparseTensors':
      return attribute.value.map(({ values }) => ({ sparse: true, values: tensorJson(values) }));
    case 'typeProto':
      return { type: attribute.value.kind };
    case 'typeProtos':
      return attribute.value.map(({ kind }) => ({ type: kind }));
    case 'reference':
      return { reference: attribute.value };
  }
}

/** JSON knows no infinities. */
const floatJson = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

function wholeJson(value: bigint | number): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function tensorJson(tensor: Tensor): unknown {
  const { name, dtype, dims } = tensor;
  const told = { name, dtype, shape: [...dims] };
  if (elementCount(dims) > MOST_ELEMENTS) return told;
  if (dtype === 'string') return { ...told, values: [...tensorStrings(tensor)] };
  return {
    ...told,
    values: Array.from(tensorValues(tensor) as ArrayLike<number | bigint>, (value) =>
      typeof value === 'bigint' ? wholeJson(value) : floatJson(value),
    ),
  };
}

interface Interface {
  readonly name: string;
  readonly nodes: readonly unknown[];
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

const graphJson = ({ name, nodes, inputs, outputs }: Interface): unknown => ({
  graph: name,
  nodes: nodes.length,
  inputs: inputs.map((input) => input.name),
  outputs: outputs.map((output) => output.name),
});
