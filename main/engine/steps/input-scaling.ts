import { closeScales } from '../equalize/scale-closure.ts';
import { scaledLayers, scaleGroups } from '../equalize/scale-groups.ts';
import { writeFactors } from '../equalize/write-factors.ts';
import type { Model } from '../graph/ir.ts';
import { solvableLayers } from '../linear/solvable-layers.ts';
import type { InputScaling } from '../quantize/weight-only/scale-inputs.ts';

/**
 * Which channels of a model may be divided before the layers that take them, for quantization that wants some more exact than
 * others: what equalization knows, as the quantization of weights asks for it.
 * @param model nodes named, constants stored apart
 */
export function inputScaling(model: Model): InputScaling {
  const { layers } = solvableLayers(model, { excluded: new Set(), known: () => true });
  const closure = closeScales(model, layers);
  const scaled = scaledLayers(closure, layers);
  const groups = scaleGroups(closure, scaled).filter(
    ({ from, gains, limits }) => limits.length === 0 && from.length + gains.length > 0,
  );
  return {
    groups: groups.map(({ roots, to }) => ({
      roots,
      takers: to.map(({ layer: { node }, inputs }) => ({ node, inputs })),
    })),
    write: (factors) => writeFactors(closure, scaled, factors),
  };
}
