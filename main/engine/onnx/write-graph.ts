import type { Attribute, FunctionDef, Graph, Node, OpsetImport } from '../graph/ir.ts';
import type { ByteSink } from './byte-sink.ts';
import { encode, type Encodable } from './message.ts';
import { ATTRIBUTE_TYPES, attributeSchema, functionSchema, graphSchema, nodeSchema, opsetSchema } from './schema.ts';
import { textOrNothing, writeEntry, writeSparseTensor, writeTensor } from './write-tensor.ts';
import { writeType, writeValueInfo } from './write-type.ts';

function writeValue(attribute: Attribute): Encodable<typeof attributeSchema.table> {
  switch (attribute.type) {
    case 'float':
      return { f: attribute.value };
    case 'int':
      return { i: attribute.value };
    case 'string':
      return { s: attribute.value };
    case 'tensor':
      return { t: writeTensor(attribute.value) };
    case 'graph':
      return { g: writeGraph(attribute.value) };
    case 'sparseTensor':
      return { sparseTensor: writeSparseTensor(attribute.value) };
    case 'typeProto':
      return { tp: writeType(attribute.value) };
    case 'floats':
      return { floats: attribute.value };
    case 'ints':
      return { ints: attribute.value };
    case 'strings':
      return { strings: attribute.value };
    case 'tensors':
      return { tensors: attribute.value.map(writeTensor) };
    case 'graphs':
      return { graphs: attribute.value.map(writeGraph) };
    case 'sparseTensors':
      return { sparseTensors: attribute.value.map(writeSparseTensor) };
    case 'typeProtos':
      return { typeProtos: attribute.value.map(writeType) };
    case 'reference':
      return { refAttrName: textOrNothing(attribute.value) };
  }
}

function writeAttribute(attribute: Attribute): ByteSink {
  return encode(
    attributeSchema,
    {
      name: textOrNothing(attribute.name),
      docString: textOrNothing(attribute.docString),
      type: attribute.type === 'reference' ? attribute.kind || undefined : ATTRIBUTE_TYPES[attribute.type],
      ...writeValue(attribute),
    },
    attribute.unknown,
  );
}

export function writeOpset({ domain, version, unknown }: OpsetImport): ByteSink {
  return encode(opsetSchema, { domain: textOrNothing(domain), version }, unknown);
}

function writeNode(node: Node): ByteSink {
  return encode(
    nodeSchema,
    {
      input: node.inputs,
      output: node.outputs,
      name: textOrNothing(node.name),
      opType: textOrNothing(node.opType),
      attribute: node.attributes.map(writeAttribute),
      docString: textOrNothing(node.docString),
      domain: textOrNothing(node.domain),
      overload: textOrNothing(node.overload),
      metadataProps: node.metadata.map(writeEntry),
    },
    node.unknown,
  );
}

export function writeGraph(graph: Graph): ByteSink {
  return encode(
    graphSchema,
    {
      node: graph.nodes.map(writeNode),
      name: textOrNothing(graph.name),
      initializer: graph.initializers.map(writeTensor),
      docString: textOrNothing(graph.docString),
      input: graph.inputs.map(writeValueInfo),
      output: graph.outputs.map(writeValueInfo),
      valueInfo: graph.valueInfos.map(writeValueInfo),
      quantizationAnnotation: graph.quantizationAnnotations,
      sparseInitializer: graph.sparseInitializers.map(writeSparseTensor),
      metadataProps: graph.metadata.map(writeEntry),
    },
    graph.unknown,
  );
}

export function writeFunction(definition: FunctionDef): ByteSink {
  return encode(
    functionSchema,
    {
      name: textOrNothing(definition.name),
      input: definition.inputs,
      output: definition.outputs,
      attribute: definition.attributeNames,
      node: definition.nodes.map(writeNode),
      docString: textOrNothing(definition.docString),
      opsetImport: definition.opsetImports.map(writeOpset),
      domain: textOrNothing(definition.domain),
      attributeProto: definition.attributeDefaults.map(writeAttribute),
      valueInfo: definition.valueInfos.map(writeValueInfo),
      overload: textOrNothing(definition.overload),
      metadataProps: definition.metadata.map(writeEntry),
    },
    definition.unknown,
  );
}
