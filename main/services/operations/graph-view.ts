import type { GraphView, GraphNode } from '../../contract/studio.ts';
import type { Model, Tensor } from '../../engine/graph/ir.ts';
import { scopeOf } from '../../engine/graph/layers.ts';
import { walkNodes, type VisitedNode } from '../../engine/graph/walk.ts';
import { storageBytes } from '../../engine/tensor/dtype.ts';
import { blockPartOf } from '../../engine/operators/block-part.ts';
import { hasTrait } from '../../engine/operators/ask.ts';
import { tensorOfConstant } from '../../engine/operators/constant-behind.ts';
import { operatorSpec } from '../../engine/operators/table.ts';
import { statedInference } from '../../engine/operators/stated-inference.ts';
import { bodiesOf, valueOf, type Bodies } from './graph-bodies.ts';
import { attributeText } from './attribute-text.ts';
import { openShared } from './opened-models.ts';

/** The graph as the studio draws it: layers in the order of `inspect`, values with the file's symbolic dimensions. */
export async function graph({ path }: { path: string }): Promise<GraphView> {
  const { model } = await openShared(path);
  const view = views.get(model) ?? graphOf(model);
  views.set(model, view);
  return view;
}

/** Made once while a model is open: every window asks for it. */
const views = new WeakMap<Model, GraphView>();

function graphOf(model: Model): GraphView {
  const { nodes, inner, constants } = writtenGraph(model);
  const inference = statedInference(model);
  const names = new Set<string>();
  const inputs = model.graph.inputs.map(({ name }) => name).filter((name) => !constants.has(name));
  const outputs = model.graph.outputs.map(({ name }) => name);
  for (const name of [...inputs, ...nodes.flatMap((node) => [...node.inputs, ...node.outputs])]) {
    if (name !== '' && !constants.has(name)) names.add(name);
  }
  const values = Array.from(names, (name) => valueOf(inference, name));
  return {
    nodes: [...nodes, ...inner.nodes],
    values: [...values, ...inner.values()],
    inputs,
    outputs,
    bodies: [...inner.bodies],
  };
}

/** What of a graph stands in the file. */
interface WrittenGraph {
  /** In the order of `walkNodes`. */
  readonly nodes: readonly GraphNode[];
  /** What nodes hold or call. */
  readonly inner: Bodies;
  readonly constants: ReadonlyMap<string, Tensor>;
}

const written = new WeakMap<Model, WrittenGraph>();

/** Every node as it is written. Nothing is inferred; remembered for the model. */
export function writtenGraph(model: Model): WrittenGraph {
  const known = written.get(model);
  if (known !== undefined) return known;
  const constants = constantsOf(model);
  const inner = bodiesOf(model, (node, layer, parent) => describeNode({ node, layer, parent }, new Map()));
  const nodes = Array.from(walkNodes(model), (visited) => describeNode(visited, constants));
  const made = { nodes, inner, constants };
  written.set(model, made);
  return made;
}

/** Initializers of all graphs by name; inner ones hide outer ones, which share no name in a valid model. */
export function constantsOf(model: Model): ReadonlyMap<string, Tensor> {
  const constants = new Map<string, Tensor>();
  for (const tensor of model.graph.initializers) constants.set(tensor.name, tensor);
  for (const { values } of model.graph.sparseInitializers) constants.set(values.name, values);
  for (const { graph, depth } of walkNodes(model)) {
    if (depth > 0) for (const tensor of graph.initializers) constants.set(tensor.name, tensor);
  }
  return constants;
}

/** A node as it is written in the file. */
export function describeNode(
  visited: Pick<VisitedNode, 'node' | 'layer' | 'parent'>,
  constants: ReadonlyMap<string, Tensor>,
): GraphNode {
  const { node, layer, parent } = visited;
  const spec = operatorSpec(node.domain, node.opType);
  const roles = spec?.inputRoles ?? [];
  const weights = node.inputs.flatMap((name, index) => {
    const tensor = constants.get(name);
    return tensor === undefined
      ? []
      : [describeWeight(roles[Math.min(index, roles.length - 1)] ?? `input ${index}`, tensor)];
  });
  // A Constant's tensor is a weight too: it can be looked into under the name of its output.
  const constant = hasTrait(node, 'constant');
  const value = constant ? tensorOfConstant(node) : undefined;
  const output = node.outputs[0];
  if (value !== undefined && output !== undefined) weights.push(describeWeight('value', { ...value, name: output }));
  return {
    name: layer,
    op: node.opType,
    domain: node.domain,
    category: spec?.category ?? 'other',
    part: blockPartOf(node),
    brings: constant
      ? 'constant'
      : hasTrait(node, 'dequantizes') && constants.has(node.inputs[0] ?? '')
        ? 'weight'
        : null,
    scope: scopeOf(layer),
    parent,
    inputs: [...node.inputs],
    outputs: [...node.outputs],
    weights,
    attributes: node.attributes.map((attribute) => ({
      name: attribute.name,
      type: attribute.type,
      text: attributeText(attribute),
    })),
  };
}

function describeWeight(role: string, tensor: Tensor): GraphNode['weights'][number] {
  const { name, dtype, dims } = tensor;
  const elements = dims.reduce((product, dim) => product * dim, 1);
  return { role, tensor: name, dtype, shape: [...dims], bytes: storageBytes(dtype, elements) ?? 0 };
}
