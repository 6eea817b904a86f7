import { freeValues, indexGraph } from '../graph/index-graph.ts';
import type { Model, Node, Shape } from '../graph/ir.ts';
import { subgraphsOf } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { ChannelTies, type AxisFold, type AxisRef } from '../operators/channel-ties.ts';
import type { Inference } from '../operators/inference.ts';
import { inferModel } from '../operators/infer.ts';
import { axisTable, type AxisTable } from './axis-table.ts';
import { ElementSets } from './element-sets.ts';
import { chooseFolds } from './folds.ts';
import { freezeAxis, freezeValue, valueAt, type ClosureScene } from './scene.ts';
import { sizeReaders } from './size-readers.ts';
import { Vanishing } from './vanishing.ts';

/** Which elements of which axes stand or fall together, in the main graph of a model. */
export interface Closure {
  readonly model: Model;
  readonly inference: Inference;
  readonly axes: AxisTable;
  readonly sets: ElementSets;
  /** What the rule of each node says; none for operators without a rule. */
  readonly ties: ReadonlyMap<Node, ChannelTies>;
}

/**
 * Closes over the relations of all nodes (`channels` facets of the operator table): each element of each axis of each value
 * and stored tensor belongs to one set, which goes as a whole or stays. Frozen sets know why: what the model takes and gives,
 * operators without a rule, axes that an operator computes along, sizes that are not known.
 *
 * Elements, not axes, are followed, so that a Concat of many parts, shortcuts that pad channels, and Slices each give the
 * groups that they really have.
 * @param model inlined and named uniquely (`prepareStructure`); subgraphs are not cut, and what they capture stays
 * @see Fang et al. 2023, DepGraph, for groups by dependency; elements in place of its layer pairs are ours
 */
export function closeChannels(model: Model): Closure {
  const { graph } = model;
  const inference = inferModel(model);
  const axes = axisTable(shapesOf(model, inference));
  const sets = new ElementSets(axes.count);
  const ties = relateNodes(model, inference);
  const scene = { graph, axes, sets };
  const folds: { readonly node: Node; readonly fold: AxisFold }[] = [];
  for (const node of graph.nodes) {
    const own = ties.get(node);
    if (own === undefined) freezeNode(scene, node, `${node.opType} has no rule for what goes with what`);
    else folds.push(...joinTies(scene, node, own, { sums: 'later' }));
  }
  freezeEnds(scene);
  freezeSums(scene, model, ties);
  for (const { value, axis, by } of sizeReaders(graph, (node) => ties.get(node))) {
    freezeAxis(scene, value, axis, `${by.opType} '${by.name}' computes with its size`);
  }
  chooseFolds(scene, folds);
  return { model, inference, axes, sets, ties };
}

/** What is known of the shape of each value of the main graph. */
export function shapesOf({ graph }: Model, { values, records }: Inference): ReadonlyMap<string, Shape | undefined> {
  const shapes = new Map<string, Shape | undefined>();
  for (const { name } of graph.inputs) shapes.set(name, values.get(name)?.shape);
  for (const { name, dims } of graph.initializers) shapes.set(name, dims);
  for (const node of graph.nodes) {
    const record = records.get(node);
    node.outputs.forEach((name, at) => {
      if (name !== '') shapes.set(name, record?.outputs[at]?.shape);
    });
  }
  return shapes;
}

/** Asks the rule of each node that has one. */
export function relateNodes(model: Model, { records }: Inference): ReadonlyMap<Node, ChannelTies> {
  const opsets = new Map(
    model.opsetImports.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, version]),
  );
  const stored = new Set(model.graph.initializers.map(({ name }) => name));
  const all = new Map<Node, ChannelTies>();
  for (const node of model.graph.nodes) {
    const record = records.get(node);
    const own = node.inputs.every((value) => value === '' || stored.has(value));
    if (own && subgraphsOf(node).length === 0 && !hasTrait(node, 'random'))
      node.outputs.forEach((value) => stored.add(value));
    const facet = record?.spec?.channels;
    if (record === undefined || facet === undefined) continue;
    const isStored = (position: number): boolean => stored.has(node.inputs[position] ?? '');
    const ties = new ChannelTies(node, opsets.get(node.domain) ?? 1, { ...record, isStored });
    facet.relate(ties);
    all.set(node, ties);
  }
  return all;
}

/**
 * Joins what a rule ties and freezes what it does not mention.
 * @param options.concerns the operands that are looked at; default: all
 * @returns its folds, which are chosen last
 */
export function joinTies(
  scene: ClosureScene,
  node: Node,
  ties: ChannelTies,
  {
    concerns = () => true,
    sums = 'whole',
  }: {
    readonly concerns?: (operand: Pick<AxisRef, 'side' | 'position'>) => boolean;
    /** Whether what is added up stays whole, or is looked at by whoever calls. */
    readonly sums?: 'whole' | 'later';
  } = {},
): { readonly node: Node; readonly fold: AxisFold }[] {
  const { axes, sets } = scene;
  for (const { from, to, count, fromStart, fromStep, toStart, toStep } of ties.ties) {
    if (!concerns(from) || !concerns(to)) continue;
    const a = axes.first(valueAt(node, from), from.axis);
    const b = axes.first(valueAt(node, to), to.axis);
    if (a < 0 || b < 0) {
      // An axis of size 1 has no element that could go: what it is tied to stays.
      const other = a < 0 ? { first: b, start: toStart, step: toStep } : { first: a, start: fromStart, step: fromStep };
      for (let i = 0; other.first >= 0 && i < count; i++) {
        sets.freeze(other.first + other.start + i * other.step, `${node.opType} '${node.name}' takes a single one`);
      }
      continue;
    }
    for (let i = 0; i < count; i++) sets.join(a + fromStart + i * fromStep, b + toStart + i * toStep);
  }
  for (const { axis, reason } of sums === 'whole' ? [...ties.whole, ...ties.sums] : ties.whole) {
    if (!concerns(axis)) continue;
    freezeAxis(scene, valueAt(node, axis), axis.axis, `${node.opType} '${node.name}': ${reason}`);
  }
  for (const side of ['input', 'output'] as const) {
    (side === 'input' ? node.inputs : node.outputs).forEach((value, position) => {
      const rank = value === '' || !concerns({ side, position }) ? 0 : (ties.rank(side, position) ?? 0);
      for (let axis = 0; axis < rank; axis++) {
        if (ties.mentions({ side, position, axis })) continue;
        freezeAxis(scene, value, axis, `${node.opType} '${node.name}' computes across its axis ${axis}`);
      }
    });
  }
  return ties.folds.map((fold) => ({ node, fold }));
}

/** Nothing that the node takes or gives may change. */
export function freezeNode(scene: ClosureScene, node: Node, reason: string): void {
  for (const value of [...node.inputs, ...node.outputs]) if (value !== '') freezeValue(scene, value, reason);
}

/** What is added up stays, unless it is zero where nothing gives it any more. */
function freezeSums(scene: ClosureScene, model: Model, ties: ReadonlyMap<Node, ChannelTies>): void {
  const vanishing = new Vanishing(model, ties);
  for (const [node, { sums }] of ties) {
    for (const { axis, reason } of sums) {
      const value = valueAt(node, axis);
      if (!vanishing.at(value, axis.axis))
        freezeAxis(scene, value, axis.axis, `${node.opType} '${node.name}': ${reason}`);
    }
  }
}

/** What the model takes and gives, and what subgraphs capture, stays. */
export function freezeEnds(scene: ClosureScene): void {
  const { graph } = scene;
  const index = indexGraph(graph);
  for (const { name } of graph.inputs) {
    if (index.initializer(name) === undefined) freezeValue(scene, name, `'${name}' is an input of the model`);
  }
  for (const { name } of graph.outputs) freezeValue(scene, name, `'${name}' is an output of the model`);
  for (const node of graph.nodes) {
    for (const { graph: inner } of subgraphsOf(node)) {
      for (const value of freeValues(inner)) {
        freezeValue(scene, value, `a subgraph of ${node.opType} '${node.name}' uses it`);
      }
    }
  }
}
