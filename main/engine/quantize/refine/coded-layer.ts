import { indexGraph } from '../../graph/index-graph.ts';
import type { Model, Node } from '../../graph/ir.ts';
import type { LinearForm } from '../../operators/linear-form.ts';
import { linearForm } from '../../operators/linear-layers.ts';
import { mergeModels, type MergedModels } from '../../passes/merge-models.ts';
import type { QuantizationPlan } from '../plan-quantization.ts';
import type { WrittenPlan } from '../settle-plan.ts';
import type { Unit } from '../unit.ts';
import type { WrittenWeights } from './refined-layer.ts';

/** A layer whose weights became codes. */
export interface CodedLayer {
  readonly unit: Unit;
  readonly node: Node;
  readonly form: LinearForm;
  readonly written: WrittenWeights;
}

/** The layers with weights that a plan makes codes of, in the order of the graph. */
export function codedLayers({ units }: QuantizationPlan, { weights }: WrittenPlan): readonly CodedLayer[] {
  return units.flatMap((unit) => {
    const written = weights.get(unit.layer);
    const form = written === undefined ? undefined : linearForm(unit.node, written.dims);
    return written === undefined || form === undefined ? [] : [{ unit, node: unit.node, form, written }];
  });
}

/** Which of the scales a weight has, by its place in the tensor. */
export function scaleAt({ dims, axis, scales }: WrittenWeights, place: number): number {
  if (axis === null || scales.length === 1) return 0;
  const inner = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  return Math.floor(place / inner) % dims[axis]!;
}

/** Both models on the same samples. */
export interface ModelPair extends MergedModels {
  /** What the quantized layer reads, and what it gives before its activation, in the merged graph. */
  readonly valuesOf: (layer: CodedLayer) => { readonly data: string; readonly output: string };
}

export function pairOf(float: Model, quantized: Pick<WrittenPlan, 'model'>): ModelPair {
  const merged = mergeModels(float, quantized.model);
  const index = indexGraph(quantized.model.graph);
  return {
    ...merged,
    valuesOf: ({ unit, node }) => {
      const own = index.nodeByName(node.name) ?? node;
      const data = own.inputs[unit.dataInputs[0] ?? 0] ?? '';
      return { data: merged.nameInSecond(data), output: merged.nameInSecond(own.outputs[0] ?? '') };
    },
  };
}
