import { inferModel } from '../operators/infer.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import type { Model, Node } from '../graph/ir.ts';
import type { LinearForm } from '../operators/linear-form.ts';

/** Slices have had steps since. */
const STEPS_OPSET = 10;

/**
 * How far apart the positions may lie that a layer is solved on, so that there are still plenty for each of its weights: a
 * 3 × 3 kernel on 16 channels has 144 columns, and 500 images of 32 × 32 have 512,000 positions. Always odd, so that both
 * rows of a later stride of two are met.
 * @param options.samples how many there are
 * @param options.rowsPerColumn positions for each column of a layer that are enough: neighbours in one image tell nearly the same
 * @returns of a layer; 1 where sizes are not known, or its positions cannot be thinned out
 */
export function thinningOf(
  model: Model,
  { samples, rowsPerColumn }: { readonly samples: number; readonly rowsPerColumn: number },
): (layer: { readonly node: Node; readonly form: LinearForm }) => number {
  const { values } = inferModel(model);
  return ({ node, form }) => {
    const spatial = values.get(node.outputs[0] ?? '')?.shape?.slice(2) ?? [];
    const fixed = form.unfold !== undefined && form.unfold.thinned === undefined;
    if (form.channelsLast || fixed || defaultOpset(model) < STEPS_OPSET) return 1;
    if (spatial.length === 0 || !spatial.every((dim) => typeof dim === 'number')) return 1;
    const enough = rowsPerColumn * form.columns;
    const rows = (step: number): number => spatial.reduce((product, dim) => product * Math.ceil(dim / step), samples);
    let step = 1;
    while (rows(step + 2) >= enough && step + 2 <= Math.max(...spatial)) step += 2;
    return step;
  };
}
