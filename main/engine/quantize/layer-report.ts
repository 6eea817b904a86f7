import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import type { Fold } from '../passes/fold-batchnorm.ts';
import type { QuantizationPlan } from './plan-quantization.ts';

/** What became of a layer of the source. */
export interface QuantizedLayer {
  readonly name: string;
  readonly op: string;
  /** Runs in integers, or disappears into a layer that does. */
  readonly quantized: boolean;
  /** Whether the runtime fused it into an integer kernel; null when not checked or not quantized. */
  readonly fused: boolean | null;
  readonly reason: string | null;
}

interface Outcome {
  readonly plan: QuantizationPlan;
  readonly folds: readonly Fold[];
  /** Fused or not, by layer; see `checkFusion`. */
  readonly fused: ReadonlyMap<string, boolean>;
}

/** Every layer of the source in its order, subgraphs included, constants left out. */
export function describeLayers(source: Model, { plan, folds, fused }: Outcome): readonly QuantizedLayer[] {
  const decisions = new Map(plan.decisions.map((decision) => [decision.name, decision]));
  const foldedInto = new Map(folds.map(({ layer, into }) => [layer, into]));
  const hosts = new Map(
    plan.units.flatMap((unit) => (unit.absorbed === undefined ? [] : [[unit.absorbed.layer, unit.layer]])),
  );
  const fusedState = (layer: string): boolean | null => fused.get(layer) ?? null;
  const layers: QuantizedLayer[] = [];
  for (const { node, layer: name, parent } of walkNodes(source)) {
    if (hasTrait(node, 'constant')) continue;
    const base = { name, op: node.opType };
    const into = foldedInto.get(name);
    if (parent !== null) {
      layers.push({
        ...base,
        quantized: false,
        fused: null,
        reason: `inside a subgraph of '${parent}', which stays in float32`,
      });
    } else if (into !== undefined) {
      const host = decisions.get(into);
      const quantized = host?.quantized === true;
      layers.push({ ...base, quantized, fused: quantized ? fusedState(into) : null, reason: `folded into '${into}'` });
    } else {
      const decision = decisions.get(name);
      const quantized = decision?.quantized === true;
      const state = quantized ? fusedState(hosts.get(name) ?? name) : null;
      layers.push({ ...base, quantized, fused: state, reason: decision?.reason ?? null });
    }
  }
  return layers;
}
