import { inferModel } from '../operators/infer.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import type { Model, Node } from '../graph/ir.ts';
import type { LinearForm } from '../operators/linear-form.ts';

/** Slices have had steps since. */
const STEPS_OPSET = 10;

/**
 * How far apart the positions may lie that a layer is solved on, so that there are still plenty for each of its weights: a
 * 3 × 3 kernel on 16 channels has 144 columns, and 500 images of 32 × 32 have 512,000 positions. Always odd, so that both
 * rows of a later stride of two are met; axes differ by one such step at most.
 * @param options.samples how many there are
 * @param options.rowsPerColumn positions for each column of a layer that are enough: neighbours in one image tell nearly the same
 * @returns of a layer, for each spatial axis; none where sizes are not known, or its positions cannot be thinned out
 */
export function thinningOf(
  model: Model,
  { samples, rowsPerColumn }: { readonly samples: number; readonly rowsPerColumn: number },
): (layer: { readonly node: Node; readonly form: LinearForm }) => readonly number[] {
  const { values } = inferModel(model);
  return ({ node, form }) => {
    const spatial = values.get(node.outputs[0] ?? '')?.shape?.slice(2) ?? [];
    const fixed = form.unfold !== undefined && form.unfold.thinned === undefined;
    if (form.channelsLast || fixed || defaultOpset(model) < STEPS_OPSET) return [];
    if (spatial.length === 0 || !spatial.every((dim) => typeof dim === 'number')) return [];
    const enough = rowsPerColumn * form.columns;
    const sizes = spatial as readonly number[];
    const rows = (steps: readonly number[]): number =>
      sizes.reduce((product, dim, axis) => product * Math.ceil(dim / steps[axis]!), samples);
    let steps: readonly number[] = sizes.map(() => 1);
    for (;;) {
      const wider = widened(steps, sizes);
      if (wider === undefined || rows(wider) < enough) return steps;
      steps = wider;
    }
  };
}

/** The next step along the last axis that has the smallest; undefined where no axis is long enough. */
function widened(steps: readonly number[], sizes: readonly number[]): readonly number[] | undefined {
  const axes = [...steps.keys()].filter((axis) => steps[axis]! + 2 <= sizes[axis]!);
  const smallest = Math.min(...axes.map((axis) => steps[axis]!));
  const axis = axes.findLast((each) => steps[each] === smallest);
  return axis === undefined ? undefined : steps.with(axis, steps[axis]! + 2);
}
