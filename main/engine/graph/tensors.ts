import type { Attribute, FunctionDef, Graph, Model, Node, SparseTensor, Tensor } from './ir.ts';
import { walkBodies } from './walk.ts';

function* tensorsOfAttribute(attribute: Attribute): Generator<Tensor> {
  if (attribute.type === 'tensor') yield attribute.value;
  else if (attribute.type === 'tensors') yield* attribute.value;
  else if (attribute.type === 'sparseTensor') yield* tensorsOfSparse([attribute.value]);
  else if (attribute.type === 'sparseTensors') yield* tensorsOfSparse(attribute.value);
}

function* tensorsOfSparse(sparse: readonly SparseTensor[]): Generator<Tensor> {
  for (const { values, indices } of sparse) {
    yield values;
    yield indices;
  }
}

/** A stored tensor, and the node that holds it as an attribute. */
export interface StoredTensor {
  readonly tensor: Tensor;
  /** undefined: an initializer, or a default of a function's attribute. */
  readonly node: Node | undefined;
}

/** Every tensor of one graph or function; those of subgraphs are the subgraphs'. */
export function* tensorsOfBody(body: Graph | FunctionDef): Generator<StoredTensor> {
  if ('initializers' in body) {
    for (const tensor of body.initializers) yield { tensor, node: undefined };
    for (const tensor of tensorsOfSparse(body.sparseInitializers)) yield { tensor, node: undefined };
  } else {
    for (const attribute of body.attributeDefaults) {
      for (const tensor of tensorsOfAttribute(attribute)) yield { tensor, node: undefined };
    }
  }
  for (const node of body.nodes) {
    for (const attribute of node.attributes) for (const tensor of tensorsOfAttribute(attribute)) yield { tensor, node };
  }
}

/**
 * Every tensor stored in the model: initializers, sparse ones' values and indices, and tensors in attributes (Constant),
 * in all graphs, subgraphs and functions.
 */
export function* walkTensors(model: Model): Generator<Tensor> {
  for (const body of walkBodies(model)) for (const { tensor } of tensorsOfBody(body)) yield tensor;
}

function mapSparse(sparse: SparseTensor, change: (tensor: Tensor) => Tensor): SparseTensor {
  const values = change(sparse.values);
  const indices = change(sparse.indices);
  return values === sparse.values && indices === sparse.indices ? sparse : { ...sparse, values, indices };
}

function mapList<T>(items: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = items.map(change);
  return changed.every((item, index) => item === items[index]) ? items : changed;
}

type Body = Graph | FunctionDef;

function mapAttribute(attribute: Attribute, change: (tensor: Tensor) => Tensor): Attribute {
  switch (attribute.type) {
    case 'tensor':
      return keep(attribute, change(attribute.value));
    case 'tensors':
      return keep(attribute, mapList(attribute.value, change));
    case 'sparseTensor':
      return keep(attribute, mapSparse(attribute.value, change));
    case 'sparseTensors':
      return keep(
        attribute,
        mapList(attribute.value, (sparse) => mapSparse(sparse, change)),
      );
    case 'graph':
      return keep(attribute, mapBody(attribute.value, change));
    case 'graphs':
      return keep(
        attribute,
        mapList(attribute.value, (graph) => mapBody(graph, change)),
      );
    default:
      return attribute;
  }
}

function keep<T extends Attribute>(attribute: T, value: T['value']): T {
  return value === attribute.value ? attribute : { ...attribute, value };
}

function mapBody<T extends Body>(body: T, change: (tensor: Tensor) => Tensor): T {
  const nodes = mapList(body.nodes, (node) => {
    const attributes = mapList(node.attributes, (attribute) => mapAttribute(attribute, change));
    return attributes === node.attributes ? node : { ...node, attributes };
  });
  const result = nodes === body.nodes ? body : { ...body, nodes };
  if ('initializers' in result) {
    const initializers = mapList(result.initializers, change);
    const sparseInitializers = mapList(result.sparseInitializers, (sparse) => mapSparse(sparse, change));
    return initializers === result.initializers && sparseInitializers === result.sparseInitializers
      ? result
      : { ...result, initializers, sparseInitializers };
  }
  const attributeDefaults = mapList(result.attributeDefaults, (attribute) => mapAttribute(attribute, change));
  return attributeDefaults === result.attributeDefaults ? result : { ...result, attributeDefaults };
}

/** The model with every stored tensor (see `walkTensors`, same order not promised) replaced; what stays is shared. */
export function mapTensors(model: Model, change: (tensor: Tensor) => Tensor): Model {
  const graph = mapBody(model.graph, change);
  const functions = mapList(model.functions, (definition) => mapBody(definition, change));
  return graph === model.graph && functions === model.functions ? model : { ...model, graph, functions };
}
