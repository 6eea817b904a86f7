import type { Graph, Model, Node } from '../graph/ir.ts';
import { subgraphsOf } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { SourceIndex, type SourceLayer } from './source-index.ts';

/** What attribution needs to know about a kernel of the trace. */
export interface TracedKernel {
  readonly name: string;
  readonly op: string;
}

/** The source layers of one kernel. */
export interface Attribution {
  /** Layer names in the order of the walk: first those whose values the kernel gives. */
  readonly sources: readonly string[];
}

/** A node of the optimised graph on the way to its sources. */
interface OptimisedNode {
  readonly node: Node;
  /** The optimised graph that holds it. */
  readonly graph: Graph;
  /** The source graph that it came from. */
  readonly sourceGraph: Graph;
  /** Moves or converts data on behalf of another kernel. */
  readonly isLayout: boolean;
  /** Source layers whose values this kernel gives. */
  anchors: SourceLayer[];
  /** Whether the anchors follow from names of values, which tell where a fusion ends, and not from the kernel's name. */
  exact: boolean;
}

/**
 * Finds for every kernel the layers of the source model that it executes.
 *
 * Each node of the optimised graph is first anchored at the source layers whose values it gives: by the names of its outputs,
 * by `<value>_nchwc` kernel names, through the layout kernels behind it, or by its own name. From there the source graph
 * is walked backwards up to the layers where other kernels are anchored: everything between is its source set. Layout
 * kernels (reorders, inserted transposes and casts) and kernels inside inlined functions get the sources of the kernel that
 * asked for them. Layers that follow from constants alone are in no set, save dequantized weights.
 * @param optimised the graph that the runtime executed, as it wrote it; null: only names are compared
 * @returns one entry for each kernel, in their order; `sources` is empty where nothing is known
 */
export function attributeKernels(
  source: Model,
  optimised: Model | null,
  kernels: readonly TracedKernel[],
): readonly Attribution[] {
  const index = new SourceIndex(source);
  const nodes = optimised === null ? [] : collectNodes(index, optimised);
  const sources = nodes.length === 0 ? new Map<Node, readonly string[]>() : findSources(index, nodes);
  const match = matchByName(nodes.map(({ node }) => node));
  return kernels.map((kernel) => {
    const node = match(kernel);
    const found = node === undefined ? undefined : sources.get(node);
    if (found !== undefined && found.length > 0) return { sources: found };
    const named = namesOf(kernel.name)
      .map((name) => index.findNamed(index.mainGraph, name))
      .find(Boolean);
    return { sources: named === undefined ? [] : [named.layer] };
  });
}

/** Every node of the optimised model, subgraphs included, anchored where its names allow. */
function collectNodes(index: SourceIndex, optimised: Model): readonly OptimisedNode[] {
  const nodes: OptimisedNode[] = [];
  const collect = (graph: Graph, sourceGraph: Graph): void => {
    for (const node of graph.nodes) {
      const entry = anchor(index, node, graph, sourceGraph);
      nodes.push(entry);
      const branches = entry.anchors.flatMap((layer) => subgraphsOf(layer.node));
      for (const { branch, graph: inner } of subgraphsOf(node)) {
        collect(inner, branches.find((candidate) => candidate.branch === branch)?.graph ?? sourceGraph);
      }
    }
  };
  collect(optimised.graph, index.mainGraph);
  return nodes;
}

function anchor(index: SourceIndex, node: Node, graph: Graph, sourceGraph: Graph): OptimisedNode {
  const byName = namesOf(node.name)
    .map((name) => index.findNamed(sourceGraph, name))
    .find((layer) => layer !== undefined);
  const isLayout =
    hasTrait(node, 'movesLayout') || (hasTrait(node, 'inserted') && byName?.node.opType !== node.opType && !isOwn());
  return { node, graph, sourceGraph, isLayout, ...anchors() };

  /** A nameless node of the source keeps its outputs' names and its operator. */
  function isOwn(): boolean {
    return node.outputs.some((output) => index.findProducer(sourceGraph, output)?.node.opType === node.opType);
  }

  function anchors(): Pick<OptimisedNode, 'anchors' | 'exact'> {
    if (isLayout) return { anchors: [], exact: false };
    const exact = unique(node.outputs.map((value) => findValue(index, sourceGraph, value)));
    if (exact.length > 0) return { anchors: exact, exact: true };
    // named before sums and the activations behind them were fused into it
    const blocked = node.name.endsWith('_nchwc') && findValue(index, sourceGraph, node.name.slice(0, -'_nchwc'.length));
    if (blocked) return { anchors: [blocked], exact: false };
    const renamed = unique(
      node.outputs.flatMap((value) => namesOf(value).map((name) => index.findNamed(sourceGraph, name))),
    );
    if (renamed.length > 0) return { anchors: renamed, exact: false };
    return { anchors: byName === undefined ? [] : [byName], exact: false };
  }
}

function findValue(index: SourceIndex, graph: Graph, value: string): SourceLayer | undefined {
  return index.findProducer(graph, value) ?? index.findProducer(graph, stripInlining(value));
}

/** Layer names by optimised node. */
function findSources(index: SourceIndex, nodes: readonly OptimisedNode[]): ReadonlyMap<Node, readonly string[]> {
  const byOutput = new Map<string, OptimisedNode>();
  const byInput = new Map<string, OptimisedNode>();
  for (const entry of nodes) {
    for (const output of entry.node.outputs) byOutput.set(output, entry);
    for (const input of entry.node.inputs) if (!byInput.has(input)) byInput.set(input, entry);
  }
  nameThroughLayouts(index, nodes, byOutput);
  followFusions(index, nodes);
  const owners = new Map<SourceLayer, OptimisedNode>();
  for (const entry of nodes) for (const layer of entry.anchors) if (!owners.has(layer)) owners.set(layer, entry);
  const sources = new Map<Node, readonly string[]>();
  for (const entry of nodes) if (entry.anchors.length > 0) sources.set(entry.node, walkBack(index, entry, owners));
  inherit(nodes, sources, { byOutput, byInput });
  return sources;
}

/** A layout kernel that gives a value of the source tells which value the kernel before it gives. */
function nameThroughLayouts(
  index: SourceIndex,
  nodes: readonly OptimisedNode[],
  byOutput: ReadonlyMap<string, OptimisedNode>,
): void {
  for (const entry of [...nodes].reverse()) {
    if (!entry.isLayout) continue;
    const given = unique(entry.node.outputs.map((output) => findValue(index, entry.sourceGraph, output)));
    let before: OptimisedNode | undefined = entry;
    while (before?.isLayout) before = byOutput.get(before.node.inputs[0] ?? '');
    if (before === undefined || before.exact || given.length === 0) continue;
    before.anchors = given;
    before.exact = true;
  }
}

/**
 * Where only a name was known, the sum (a blocked Conv with a fourth input), the activation and the quantization behind
 * the layer belong to its kernel, unless they are kernels of their own.
 */
function followFusions(index: SourceIndex, nodes: readonly OptimisedNode[]): void {
  const anchored = new Set(nodes.flatMap((entry) => entry.anchors));
  for (const entry of nodes) {
    if (entry.exact || entry.anchors.length !== 1) continue;
    let layer = entry.anchors[0]!;
    let sums = hasTrait(entry.node, 'takesSum') && (entry.node.inputs[3] ?? '') !== '' ? 1 : 0;
    for (;;) {
      const [output = ''] = layer.node.outputs;
      const consumers = index.consumersIn(layer.graph, output);
      const [next] = consumers;
      if (next === undefined || consumers.length > 1 || anchored.has(next)) break;
      const isSum = hasTrait(next.node, 'adds') && sums-- > 0;
      if ((!isSum && !hasTrait(next.node, 'fusesBackwards')) || layer.graph.outputs.some(({ name }) => name === output))
        break;
      layer = next;
    }
    entry.anchors = [layer];
    anchored.add(layer);
  }
}

/** The layers between a kernel's anchors and those of other kernels. */
function walkBack(
  index: SourceIndex,
  entry: OptimisedNode,
  owners: ReadonlyMap<SourceLayer, OptimisedNode>,
): readonly string[] {
  const found = new Set<SourceLayer>(entry.anchors);
  // a Set's iteration reaches what is added meanwhile
  for (const layer of found) {
    for (const input of layer.node.inputs) {
      const before = index.producerIn(layer.graph, input);
      if (before === undefined || (before.constant && !hasTrait(before.node, 'dequantizes'))) continue;
      const owner = owners.get(before);
      if (owner === undefined || owner === entry) found.add(before);
    }
  }
  return [...found].map((layer) => layer.layer);
}

/** Kernels without sources of their own take those of the kernel that uses their output, or else of the one before. */
function inherit(
  nodes: readonly OptimisedNode[],
  sources: Map<Node, readonly string[]>,
  links: {
    readonly byOutput: ReadonlyMap<string, OptimisedNode>;
    readonly byInput: ReadonlyMap<string, OptimisedNode>;
  },
): void {
  // backwards for consumers and then forwards for producers, so that chains of such kernels are reached in one pass each
  for (const entry of [...nodes].reverse()) {
    if (sources.has(entry.node)) continue;
    for (const output of entry.node.outputs) {
      const consumer = links.byInput.get(output);
      const inherited = consumer === undefined ? undefined : sources.get(consumer.node);
      if (inherited !== undefined) sources.set(entry.node, inherited);
    }
  }
  for (const entry of nodes) {
    if (sources.has(entry.node)) continue;
    for (const input of entry.node.inputs) {
      const producer = links.byOutput.get(input);
      const inherited = producer === undefined ? undefined : sources.get(producer.node);
      if (inherited !== undefined && !sources.has(entry.node)) sources.set(entry.node, inherited);
    }
  }
}

/** Finds the optimised node of a kernel: by name, or, for a nameless node, the next of its operator. */
export function matchByName(nodes: readonly Node[]): (kernel: TracedKernel) => Node | undefined {
  const named = new Map<string, Node>();
  const nameless = new Map<string, Node[]>();
  for (const node of nodes) {
    if (node.name !== '') {
      if (!named.has(node.name)) named.set(node.name, node);
      continue;
    }
    const list = nameless.get(node.opType);
    if (list === undefined) nameless.set(node.opType, [node]);
    else list.push(node);
  }
  return ({ name, op }) => named.get(name) ?? nameless.get(op)?.shift();
}

/**
 * What a node of the source may have been called before the runtime renamed it:
 * "/conv1/Conv_token_1" → "/conv1/Conv"; "If_0_then_branch__Inline_0__/stft/Conv" → "/stft/Conv";
 * "/MatMul/MatmulTransposeFusion//MatMulScaleFusion/" → "/MatMul".
 */
function namesOf(name: string): readonly string[] {
  const plain = stripInlining(name.replace(/_nchwc$/, '').replace(/_token_\d+$/, ''));
  const names = [name, plain];
  let shorter = plain;
  while (/\/[^/]*Fusion[^/]*\/?$/.test(shorter)) {
    shorter = shorter.replace(/\/[^/]*Fusion[^/]*\/?$/, '');
    names.push(shorter);
  }
  return names;
}

function stripInlining(name: string): string {
  return name.replace(/^.*_Inline_\d+__/, '').replace(/^_inlfunc_/, '');
}

function unique(layers: readonly (SourceLayer | undefined)[]): SourceLayer[] {
  return [...new Set(layers.filter((layer) => layer !== undefined))];
}
