import { affineError, meanShift } from './affine.ts';
import { collectMoments, outputLayout } from './layer-sums.ts';
import { biasChange, readWeights } from '../../linear/layer-weights.ts';
import type { Repair } from './repair-weights.ts';
import { byLevel } from '../../sums/levels.ts';
import { relativeError, reportLayers, targetsOf, type RepairedLayer, type RepairTask } from './task.ts';
import { writeConstants, type ConstantChange } from '../../linear/write-weights.ts';

/**
 * Adds to each layer's bias what its output lacks on average, in the order of the graph. Weights stay.
 * @throws as `collectSums`
 * @see Nagel et al. 2019 (data-free quantization), 4.2, on data
 */
export async function repairBias(task: RepairTask): Promise<Repair> {
  const { pair, context, on } = task;
  const { targetOf, levelOf } = targetsOf(task);
  const changes: ConstantChange[] = [];
  const repaired: RepairedLayer[] = [];
  for (const round of byLevel(task.layers, levelOf)) {
    reportLayers(task, repaired.length);
    const now = { ...pair, pruned: writeConstants(pair.pruned, changes) };
    const wanted = round.map((layer) => ({
      name: layer.name,
      value: layer.output,
      target: targetOf(layer),
      layout: outputLayout(layer, 1),
    }));
    const found = await collectMoments(now, wanted, on, context);
    for (const [at, layer] of round.entries()) {
      const moments = found[at]!;
      const reference = moments.target.squares.reduce((sum, square) => sum + square, 0);
      const before = moments.difference.squares.reduce((sum, square) => sum + square, 0);
      const change = meanShift(moments);
      const { name, op, bias } = layer;
      if (bias === undefined) {
        const note = 'it has no place for a bias';
        repaired.push({ name, op, error: relativeError(reference, { before, after: before }), note });
        continue;
      }
      const moved = readWeights(layer).map((group, at) => ({
        bias: group.bias.map((value, m) => value + change.shift[at * group.bias.length + m]!),
      }));
      changes.push(biasChange(layer, bias, moved));
      const after = affineError(moments, change);
      repaired.push({ name, op, error: relativeError(reference, { before, after }), note: null });
    }
  }
  reportLayers(task, repaired.length);
  return { changes, layers: repaired };
}
