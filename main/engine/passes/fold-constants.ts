import { makeAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Attribute, Graph, Model, Node, Tensor } from '../graph/ir.ts';
import { makeGraph, makeValueInfo } from '../graph/make.ts';
import { subgraphsOf } from '../graph/walk.ts';
import { inferModel } from '../operators/infer.ts';
import type { InferredValue } from '../operators/inference.ts';
import { dtypeBits, dtypeCode } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { tensorOfHost } from '../runtime/host-data.ts';
import { isRefusal } from './check-pass.ts';
import { runOnce } from './compare-outputs.ts';
import { constantNodes } from './constant-nodes.ts';
import { composeSources, unchanged, type PassContext, type PassResult, type Sources } from './pass.ts';

export interface FoldOptions {
  /** Whether weights that are only moved or converted (Transpose, Reshape, Cast) stay as they are stored. */
  readonly keepMoved?: boolean;
  /** Values larger than this stay computed. */
  readonly maxBytes?: number;
  /** Which values are worth it; default: all. */
  readonly wanted?: (value: InferredValue) => boolean;
}

/** Larger values stay computed: a file of some kilobytes may describe gigabytes. */
const MAX_BYTES = 256 << 20;
/** All folded values together. */
const MAX_TOTAL_BYTES = 1 << 30;

/**
 * Constant folding: what is computed of constants alone (weight_norm, Cast, Transpose, Expand, shape arithmetic) becomes an
 * initializer of the same name, in the bodies of If, Loop and Scan too, as far as they are made of the body's own constants. The
 * runtime evaluates it, so the values are those that it would compute itself. A runner is asked for only when there is
 * something to fold. The nodes that go count for the layer that uses their result first.
 * @param model opset as the runtime takes it, nodes named uniquely
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function foldConstants(
  model: Model,
  context: PassContext,
  options: FoldOptions = {},
): Promise<PassResult> {
  const folded = await foldGraph(model, context, options);
  const bodies = await foldBodies(folded.model, context, options);
  return {
    model: bodies.model,
    sources: composeSources(folded.sources, bodies.sources),
    notes: [...folded.notes, ...bodies.notes],
  };
}

/** Every graph that a node holds, folded as a model of its own: what it captures from around it is no constant of its. */
async function foldBodies(model: Model, context: PassContext, options: FoldOptions): Promise<PassResult> {
  let { graph } = model;
  let sources: Sources = new Map();
  const notes = new Set<string>();
  const foldBody = async (body: Graph): Promise<Graph> => {
    const result = await foldConstants({ ...model, graph: body }, context, options);
    sources = composeSources(sources, result.sources);
    for (const note of result.notes) notes.add(note);
    return result.model.graph;
  };
  for (const node of model.graph.nodes) {
    if (subgraphsOf(node).length === 0) continue;
    const attributes: Attribute[] = [];
    for (const attribute of node.attributes) {
      if (attribute.type === 'graph') attributes.push({ ...attribute, value: await foldBody(attribute.value) });
      else if (attribute.type === 'graphs') {
        const value: Graph[] = [];
        for (const body of attribute.value) value.push(await foldBody(body));
        attributes.push({ ...attribute, value });
      } else attributes.push(attribute);
    }
    const same = subgraphsOf(node).every((before, at) => before.graph === subgraphsOf({ attributes })[at]?.graph);
    if (same) continue;
    graph = { ...graph, nodes: graph.nodes.map((other) => (other === node ? { ...node, attributes } : other)) };
  }
  if (graph === model.graph) return unchanged(model);
  return { model: { ...model, graph }, sources, notes: [...notes].map((note) => `In a body: ${note}`) };
}

async function foldGraph(model: Model, context: PassContext, options: FoldOptions): Promise<PassResult> {
  const { values } = inferModel(model);
  const typed = castLikeToCast(model, values);
  const { nodes, frontier } = constantNodes(typed, options);
  const { maxBytes = MAX_BYTES, wanted: isWanted = () => true } = options;
  const asked = [...frontier.keys()].filter((name) => isWanted(values.get(name) ?? NOTHING));
  const wanted = affordable(asked, values, maxBytes);
  if (wanted.length === 0) return unchanged(model);
  let found: HostTensors;
  try {
    found = await evaluate(typed, nodes, wanted, context);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { ...unchanged(model), notes: [`Constants were not computed beforehand: ${error.message}`] };
  }
  return replaceByInitializers(typed, nodes, found);
}

const NOTHING: InferredValue = { dtype: undefined, shape: undefined };

/** CastLike takes a type alone from its second input: where the type is known, it is a Cast of the first. */
function castLikeToCast(model: Model, values: ReadonlyMap<string, InferredValue>): Model {
  const cast = (node: Node): Node => {
    const dtype =
      node.opType === 'CastLike' && node.domain === '' ? values.get(node.inputs[1] ?? '')?.dtype : undefined;
    if (dtype === undefined) return node;
    const attributes = [...node.attributes, makeAttribute('to', BigInt(dtypeCode(dtype)))];
    return { ...node, opType: 'Cast', inputs: node.inputs.slice(0, 1), attributes };
  };
  if (!model.graph.nodes.some(({ opType }) => opType === 'CastLike')) return model;
  return { ...model, graph: { ...model.graph, nodes: model.graph.nodes.map(cast) } };
}

/** Those of known size that fit, in the order given. */
function affordable(
  names: Iterable<string>,
  values: ReadonlyMap<string, InferredValue>,
  maxBytes: number,
): readonly string[] {
  let total = 0;
  return [...names].filter((name) => {
    const bytes = bytesOf(values.get(name));
    if (bytes === undefined || bytes > maxBytes || total + bytes > MAX_TOTAL_BYTES) return false;
    total += bytes;
    return true;
  });
}

function bytesOf(value: InferredValue | undefined): number | undefined {
  const bits = value?.dtype === undefined ? undefined : dtypeBits(value.dtype);
  if (bits === undefined || value?.shape === undefined) return undefined;
  const sizes = value.shape.filter((dim): dim is number => typeof dim === 'number');
  return sizes.length === value.shape.length ? (sizes.reduce((a, b) => a * b, 1) * bits) / 8 : undefined;
}

/** Runs the constant subgraphs alone, as written. @returns the wanted values that are tensors */
async function evaluate(
  model: Model,
  nodes: ReadonlySet<Node>,
  wanted: readonly string[],
  { runners, signal }: PassContext,
): Promise<HostTensors> {
  const graph = subgraphOf(model.graph, nodes, wanted);
  return runners.use((runner) => runOnce({ ...model, functions: [], graph }, {}, runner, { signal }), { signal });
}

/** The nodes that the wanted values depend on, in the model's order, without inputs. */
function subgraphOf(graph: Graph, nodes: ReadonlySet<Node>, wanted: readonly string[]): Graph {
  const index = indexGraph(graph);
  const needed = new Set<Node>();
  const initializers = new Set<Tensor>();
  const waiting = [...wanted];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    const tensor = index.initializer(value);
    if (tensor !== undefined) initializers.add(tensor);
    const producer = index.producer(value);
    if (producer === undefined || needed.has(producer)) continue;
    needed.add(producer);
    waiting.push(...producer.inputs.filter((input) => input !== ''));
  }
  return makeGraph({
    name: graph.name,
    nodes: [...nodes].filter((node) => needed.has(node)),
    initializers: [...initializers],
    outputs: wanted.map((name) => ({ ...makeValueInfo(name, undefined, undefined), type: undefined })),
  });
}

function replaceByInitializers(model: Model, nodes: ReadonlySet<Node>, found: HostTensors): PassResult {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  const served = new Map<Node, Node>();
  const sources = new Map<string, string[]>();
  // From the last to the first: a node goes when all that it makes is stored now, or used by nodes that go.
  for (const node of [...nodes].reverse()) {
    const users = node.outputs.flatMap((output) => (output in found ? [] : index.consumers(output)));
    const goes = users.every((user) => served.has(user)) && node.outputs.some((output) => output !== '');
    const first = node.outputs.flatMap((output) => index.consumers(output))[0];
    if (!goes || first === undefined) continue;
    const layer = served.get(first) ?? first;
    served.set(node, layer);
    editor.removeNode(node);
    sources.set(layer.name, [...(sources.get(layer.name) ?? [layer.name]), node.name]);
  }
  for (const [name, tensor] of Object.entries(found)) {
    // A node that stays for another of its outputs goes on making this one too.
    if (served.has(index.producer(name)!)) editor.setInitializer(tensorOfHost(name, tensor));
  }
  const computed = [...served.keys()].filter(({ opType }) => opType !== 'Constant').length;
  const notes =
    computed === 0 ? [] : [`${computed} operator${computed === 1 ? '' : 's'} on constants computed beforehand.`];
  return { model: { ...model, graph: editor.build({ dropUnused: true }) }, sources, notes };
}
