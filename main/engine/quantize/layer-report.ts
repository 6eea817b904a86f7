import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { sourcesOf } from '../passes/pass.ts';
import type { LayerDecision, QuantizationPlan } from './plan-quantization.ts';
import type { PreparedModel } from './prepare.ts';
import type { Refinement } from './refine/refined-layer.ts';

/** What became of a layer of the source. */
export interface QuantizedLayer {
  readonly name: string;
  readonly op: string;
  /** Runs in integers, or disappears into a layer that does. */
  readonly quantized: boolean;
  /** Whether the runtime fused it into an integer kernel; null when not checked or not quantized. */
  readonly fused: boolean | null;
  readonly reason: string | null;
  /** Of schemes that code weights alone. */
  readonly weights?: CodedWeights;
  /** Where rounding was learnt or biases were corrected. */
  readonly refined?: Refinement;
}

/** What became of the weights of a layer. */
export interface CodedWeights {
  readonly bits: number;
  /** Of the weights. */
  readonly sqnrDb: number;
  /** Of the layer's output on calibration data, with float inputs as the layers before give them; null: without data. */
  readonly outputSqnrDb: number | null;
  /** Codes with their scales and zero points. */
  readonly bytes: { readonly before: number; readonly after: number };
}

interface Outcome {
  readonly prepared: Pick<PreparedModel, 'sources' | 'constants'>;
  readonly plan: QuantizationPlan;
  /** Fused or not, by node; see `checkFusion`. */
  readonly fused: ReadonlyMap<string, boolean>;
}

type State = Pick<QuantizedLayer, 'quantized' | 'fused' | 'reason'>;

/** Every layer of the source in its order, subgraphs included, Constant nodes left out. */
export function describeLayers(source: Model, outcome: Outcome): readonly QuantizedLayer[] {
  const { constants } = outcome.prepared;
  const nodesOf = nodesByLayer(outcome);
  const layers: QuantizedLayer[] = [];
  for (const { node, layer: name, parent } of walkNodes(source)) {
    if (hasTrait(node, 'constant')) continue;
    const nodes = nodesOf.get(name) ?? [];
    const state = parent === null ? stateOf(name, nodes, constants.has(name)) : floatState(inside(parent));
    layers.push({ name, op: node.opType, ...state });
  }
  return layers;
}

/** A node of the prepared model and what became of it. */
interface Decided extends State {
  readonly name: string;
}

/** The nodes that stand for each layer of the source, in their order. */
function nodesByLayer({ prepared, plan, fused }: Outcome): ReadonlyMap<string, readonly Decided[]> {
  const hosts = new Map(
    plan.units.flatMap((unit) => (unit.absorbed === undefined ? [] : [[unit.absorbed.layer, unit.layer]])),
  );
  const byLayer = new Map<string, Decided[]>();
  for (const decision of plan.decisions) {
    const decided = {
      name: decision.name,
      ...stateOfNode(decision, fused.get(hosts.get(decision.name) ?? decision.name)),
    };
    for (const layer of sourcesOf(prepared.sources, decision.name)) {
      const list = byLayer.get(layer);
      if (list === undefined) byLayer.set(layer, [decided]);
      else list.push(decided);
    }
  }
  return byLayer;
}

function stateOfNode({ quantized, reason }: LayerDecision, fused: boolean | undefined): State {
  if (!quantized && fused === true) return { quantized: true, fused, reason: 'the runtime runs it on codes' };
  return { quantized, fused: quantized ? (fused ?? null) : null, reason };
}

function stateOf(name: string, nodes: readonly Decided[], constant: boolean): State {
  const own = nodes.find((node) => node.name === name);
  if (own !== undefined) return { quantized: own.quantized, fused: own.fused, reason: own.reason };
  const [host, ...others] = nodes;
  if (host === undefined) return floatState('nothing uses what it makes');
  if (constant) return floatState(`a constant, computed beforehand for '${host.name}'`);
  if (others.length === 0 && !host.name.startsWith(`${name}/`)) {
    return { quantized: host.quantized, fused: host.fused, reason: `folded into '${host.name}'` };
  }
  return stateOfCall(nodes);
}

/** A function call, or another layer that became several nodes. */
function stateOfCall(nodes: readonly Decided[]): State {
  const inside = nodes.filter(({ quantized }) => quantized);
  const first = nodes.find(({ quantized, reason }) => !quantized && reason !== null);
  if (inside.length === 0) return floatState(first?.reason ?? 'stays in float32');
  const known = inside.every(({ fused }) => fused !== null);
  return {
    quantized: true,
    fused: known ? inside.every(({ fused }) => fused === true) : null,
    reason: inside.length === nodes.length ? null : `${inside.length} of its ${nodes.length} operators run in integers`,
  };
}

function floatState(reason: string): State {
  return { quantized: false, fused: null, reason };
}

function inside(parent: string): string {
  return `inside a subgraph of '${parent}', which stays in float32`;
}
