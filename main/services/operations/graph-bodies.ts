/** What nodes hold or call: subgraphs, and the bodies of the model's own functions, told as the graph is. */
import type { GraphNode, GraphView } from '../../contract/studio.ts';
import type { FunctionDef, Graph, Model, Node } from '../../engine/graph/ir.ts';
import { claimName } from '../../engine/graph/layers.ts';
import { subgraphsOf, walkNodes } from '../../engine/graph/walk.ts';
import { bindAttributes, indexFunctions } from '../../engine/operators/function-call.ts';
import { inferModel } from '../../engine/operators/infer.ts';
import type { Inference } from '../../engine/operators/inference.ts';
import { inlineFunctions } from '../../engine/passes/inline-functions.ts';
import { nameNodes } from '../../engine/passes/name-nodes.ts';

type GraphBody = GraphView['bodies'][number];

export interface Bodies {
  readonly bodies: readonly GraphBody[];
  /** Nodes of functions, once for each call. */
  readonly nodes: readonly GraphNode[];
  /** Values within functions: their types and shapes are those of the call. */
  readonly values: () => GraphView['values'];
}

/** Nodes of functions that are told of all calls together; further calls stay closed. */
const MOST_NODES = 20_000;

/** @param describe tells a node as the graph does */
export function bodiesOf(model: Model, describe: (node: Node, layer: string, parent: string) => GraphNode): Bodies {
  const bodies: GraphBody[] = [];
  for (const { node, layer } of walkNodes(model))
    for (const { branch, graph } of subgraphsOf(node))
      bodies.push({ ...endsOf(graph, (name) => name), holder: layer, branch, closed: false });
  if (model.functions.length === 0) return { bodies, nodes: [], values: () => [] };
  const calls = new Calls(model, describe);
  for (const { node, layer } of walkNodes(model)) calls.open(node, { layer, name: layer, outer: (value) => value }, []);
  return { bodies: [...bodies, ...calls.bodies], nodes: calls.nodes, values: () => valuesOf(model, calls.told) };
}

function valuesOf(model: Model, told: Calls['told']): GraphView['values'] {
  const inference = inferModel(inlineFunctions(nameNodes(model).model).model);
  return told.map(([name, inlined]) => valueOf(inference, name, inlined));
}

/** A value as the graph tells it. @param known its name in the inference, where that is another */
export function valueOf(inference: Inference, name: string, known = name): GraphView['values'][number] {
  const { dtype, shape } = inference.values.get(known) ?? {};
  return { name, dtype: dtype ?? null, shape: shape === undefined ? null : [...shape] };
}

/** What a subgraph takes and gives. @param named what a value is told as */
function endsOf(graph: Graph, named: (value: string) => string): Pick<GraphBody, 'inputs' | 'outputs'> {
  const stored = new Set(graph.initializers.map(({ name }) => name));
  return {
    inputs: graph.inputs.flatMap(({ name }) => (stored.has(name) ? [] : [named(name)])),
    outputs: graph.outputs.map(({ name }) => named(name)),
  };
}

/** Where a call stands. */
interface Site {
  readonly layer: string;
  /** What the call is named once the functions around it are inlined. */
  readonly name: string;
  /** What a value around the call is named then. */
  readonly outer: (value: string) => string;
}

class Calls {
  readonly bodies: GraphBody[] = [];
  readonly nodes: GraphNode[] = [];
  /** Values within functions, and what they are named once all functions are inlined. */
  readonly told: (readonly [name: string, inlined: string])[] = [];
  readonly #describe: (node: Node, layer: string, parent: string) => GraphNode;
  readonly #functionOf: (node: Node) => FunctionDef | undefined;
  readonly #taken: Set<string>;

  constructor(model: Model, describe: (node: Node, layer: string, parent: string) => GraphNode) {
    this.#describe = describe;
    this.#functionOf = indexFunctions(model);
    this.#taken = new Set([...walkNodes(model)].map(({ layer }) => layer));
  }

  /** @param around functions that the call is in */
  open(call: Node, site: Site, around: readonly FunctionDef[]): void {
    const definition = this.#functionOf(call);
    if (definition === undefined || around.includes(definition)) return;
    if (this.nodes.length + definition.nodes.length > MOST_NODES) return;
    const { layer } = site;
    const branch = definition.name.replaceAll('/', '.');
    const own = (value: string): string => (value === '' ? '' : `${layer}/${value}`);
    const formal = new Map<string, string>();
    for (const [at, name] of definition.outputs.entries()) formal.set(name, call.outputs[at] ?? '');
    for (const [at, name] of definition.inputs.entries()) formal.set(name, call.inputs[at] ?? '');
    const inlined = (value: string): string => {
      const actual = formal.get(value);
      return actual === undefined || actual === '' ? `${site.name}/${value}` : site.outer(actual);
    };
    const told = new Set<string>();
    const tell = (value: string): void => {
      if (value === '' || told.has(value)) return;
      told.add(value);
      this.told.push([own(value), inlined(value)]);
    };
    this.bodies.push({
      holder: layer,
      branch,
      closed: true,
      inputs: definition.inputs.map(own),
      outputs: definition.outputs.map(own),
    });
    const within = [...around, definition];
    /** The nodes of the function, and those of the subgraphs that they hold, which see its values. */
    const tellNodes = (nodes: readonly Node[], holder: string, prefix: string): void => {
      for (const [at, node] of nodes.entries()) {
        const bare = node.name === '' ? `${node.opType}_${at}` : node.name;
        const name = claimName(`${prefix}/${bare.replaceAll('/', '.')}`, this.#taken);
        const renamed = { ...node, inputs: node.inputs.map(own), outputs: node.outputs.map(own) };
        this.nodes.push(this.#describe(renamed, name, holder));
        for (const value of [...node.inputs, ...node.outputs]) tell(value);
        for (const { branch: part, graph } of subgraphsOf(node)) {
          this.bodies.push({ ...endsOf(graph, own), holder: name, branch: part, closed: false });
          tellNodes(graph.nodes, name, `${name}/${part}`);
        }
        this.open(node, { layer: name, name: `${site.name}/${bare}`, outer: inlined }, within);
      }
    };
    tellNodes(bindAttributes(definition, call), layer, `${layer}/${branch}`);
  }
}
