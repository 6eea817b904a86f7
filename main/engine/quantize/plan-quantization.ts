import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { subgraphsOf } from '../graph/walk.ts';
import { roleOf } from '../operators/ask.ts';
import { clipBounds } from '../operators/clip-bounds.ts';
import { floatPatterns } from '../operators/float-patterns.ts';
import { eligibility } from './eligibility.ts';
import { unitInputs, unitOutputs, type Unit } from './unit.ts';
import type { ValueKnowledge } from '../passes/upgrade-opset.ts';

/** What becomes of a layer of the graph. */
export interface LayerDecision {
  readonly name: string;
  readonly op: string;
  readonly quantized: boolean;
  /** Why it stays float, or which layer it disappears into; null for an ordinary quantized layer. */
  readonly reason: string | null;
}

export interface QuantizationPlan {
  /** In the order of the graph. */
  readonly units: readonly Unit[];
  /** Every node of the graph, in order. */
  readonly decisions: readonly LayerDecision[];
}

export interface PlanOptions {
  readonly knowledge: ValueKnowledge;
  /** Layers that must stay float, by name, and why. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Chooses the layers that run in integers. Layers with weights always do; operators between them do where that avoids
 * a conversion: at least one input comes from an integer layer and the output goes to one. What stays float on both
 * sides stays float.
 * @param graph nodes named uniquely
 */
export function planQuantization(graph: Graph, options: PlanOptions): QuantizationPlan {
  const index = indexGraph(graph);
  const names = layerNames(graph);
  const nameOf = (node: Node): string => names[index.position(node)] ?? node.name;
  const reasons = new Map<Node, string>();
  const units = candidates(index, nameOf, reasons, options);
  absorbClips(index, nameOf, { units, refused: options.refused });
  dropIsolated(index, units, reasons);
  if (dropBeforeSubgraphs(index, nameOf, units, reasons)) dropIsolated(index, units, reasons);
  settleOutputs(index, units);
  const absorbed = new Map<Node, Unit>();
  for (const unit of units.values()) if (unit.absorbed !== undefined) absorbed.set(unit.absorbed.node, unit);
  const decisions = graph.nodes.map((node): LayerDecision => {
    const host = absorbed.get(node);
    const base = { name: nameOf(node), op: node.opType };
    if (host !== undefined)
      return { ...base, quantized: true, reason: `the output range of '${host.layer}' replaces it` };
    if (units.has(node)) return { ...base, quantized: true, reason: null };
    return { ...base, quantized: false, reason: reasons.get(node) ?? 'stays in float32' };
  });
  return { units: [...units.values()], decisions };
}

function candidates(
  index: GraphIndex,
  nameOf: (node: Node) => string,
  reasons: Map<Node, string>,
  { knowledge, refused }: PlanOptions,
): Map<Node, Unit> {
  const units = new Map<Node, Unit>();
  const patterns = floatPatterns(index);
  for (const node of index.graph.nodes) {
    const layer = nameOf(node);
    const kept = refused.get(layer) ?? patterns.get(node);
    if (kept !== undefined) {
      reasons.set(node, kept);
      continue;
    }
    const verdict = eligibility(node, layer, roleOf(node), { index, knowledge });
    if ('unit' in verdict) units.set(node, verdict.unit);
    else reasons.set(node, verdict.reason);
  }
  return units;
}

/** A Relu or Clip that alone uses a layer's output becomes that layer's output range. */
function absorbClips(
  index: GraphIndex,
  nameOf: (node: Node) => string,
  { units, refused }: { readonly units: Map<Node, Unit>; readonly refused: ReadonlyMap<string, string> },
): void {
  for (const [node, unit] of units) {
    if (unit.kind === 'passthrough') continue;
    const output = node.outputs[0] ?? '';
    const consumers = index.consumers(output);
    const clip = consumers[0];
    if (clip === undefined || consumers.length !== 1 || index.isOutput(output)) continue;
    if (clip.inputs[0] !== output || refused.has(nameOf(clip))) continue;
    const bounds = clipBounds(clip, index);
    if (bounds !== undefined) units.set(node, { ...unit, absorbed: { node: clip, layer: nameOf(clip), bounds } });
  }
}

/**
 * Takes out the operators between float layers, until none is left that gains nothing. After one is out only its neighbours
 * are looked at again: linear in the graph, where a transformer of 50,000 nodes took 40 s by looking at all.
 */
function dropIsolated(index: GraphIndex, units: Map<Node, Unit>, reasons: Map<Node, string>): void {
  const madeInIntegers = (value: string): boolean => producingUnit(index, units, value) !== undefined;
  let suspects: Iterable<Node> = [...units.keys()];
  for (let changed = true; changed;) {
    changed = false;
    const next = new Set<Node>();
    for (const node of suspects) {
      const unit = units.get(node);
      if (unit === undefined || unit.kind === 'weighted') continue;
      // A product of activations is heavy enough to be worth quantizing both of its operands.
      const heavy = isProduct(node);
      const fed = heavy || unitInputs(unit).some(madeInIntegers);
      const used = heavy || unitOutputs(unit).some((value) => feedsUnit(index, units, value));
      if (fed && used) continue;
      for (const neighbour of neighboursOf(index, units, unit)) next.add(neighbour);
      units.delete(node);
      const where = fed ? 'no layer that uses its output' : 'no layer that makes its input';
      reasons.set(node, `${where} runs in integers: quantizing it alone would cost more than it saves`);
      changed = true;
    }
    suspects = [...next].sort((a, b) => index.position(a) - index.position(b));
  }
}

/**
 * Takes out layers with weights of which no integer layer takes what they give, but the subgraphs of an If, Loop or Scan, which compute in
 * float, often several times: their kernels give codes alone, and rounding would be all that is left of these. ONNX Runtime's tool leaves
 * what subgraphs read in float too.
 */
function dropBeforeSubgraphs(
  index: GraphIndex,
  nameOf: (node: Node) => string,
  units: Map<Node, Unit>,
  reasons: Map<Node, string>,
): boolean {
  let changed = false;
  for (const [node, unit] of units) {
    const role = roleOf(node);
    if (role.kind !== 'weighted' || role.givesFloat) continue;
    const outputs = unitOutputs(unit);
    const holder = outputs.flatMap((value) => index.consumers(value)).find((user) => subgraphsOf(user).length > 0);
    if (holder === undefined || outputs.some((value) => feedsUnit(index, units, value))) continue;
    units.delete(node);
    reasons.set(node, `what it gives is computed with in the subgraphs of '${nameOf(holder)}', which stay in float32`);
    changed = true;
  }
  return changed;
}

/** The units that make what a unit takes, and those that take what it makes. */
function neighboursOf(index: GraphIndex, units: ReadonlyMap<Node, Unit>, unit: Unit): readonly Node[] {
  const makers = unitInputs(unit).flatMap((value) => producingUnit(index, units, value)?.node ?? []);
  const users = unitOutputs(unit).flatMap((value) => index.consumers(value).filter((node) => units.has(node)));
  return [...makers, ...users];
}

function isProduct(node: Node): boolean {
  const role = roleOf(node);
  return role.kind === 'weighted' && role.activations !== undefined;
}

/** The unit that makes a value, itself or through the activation it absorbed. */
export function producingUnit(index: GraphIndex, units: ReadonlyMap<Node, Unit>, value: string): Unit | undefined {
  const producer = index.producer(value);
  if (producer === undefined) return undefined;
  const own = units.get(producer);
  if (own !== undefined) return own;
  const before = index.producer(producer.inputs[0] ?? '');
  const host = before === undefined ? undefined : units.get(before);
  return host?.absorbed?.node === producer ? host : undefined;
}

function feedsUnit(index: GraphIndex, units: ReadonlyMap<Node, Unit>, value: string): boolean {
  return index.consumers(value).some((consumer) => {
    const unit = units.get(consumer);
    return unit !== undefined && unitInputs(unit).includes(value);
  });
}

/** Matrix products give float32 directly where only float layers follow: one conversion less, and no rounding. */
function settleOutputs(index: GraphIndex, units: Map<Node, Unit>): void {
  for (const [node, unit] of units) {
    const role = roleOf(node);
    if (role.kind !== 'weighted' || !role.givesFloat) continue;
    if (unitOutputs(unit).some((value) => feedsUnit(index, units, value))) continue;
    units.set(node, { ...unit, absorbed: undefined, quantizesOutput: false });
  }
}
