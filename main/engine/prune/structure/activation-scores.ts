import { tensorValues } from '../../graph/tensor-data.ts';
import type { ConsumingLayer } from './group-consumers.ts';

/**
 * How much the layers behind a group see of each atom: Σ Var(x)·‖w‖² over the columns that take it, each layer's sum divided by
 * the variance of what it gives. An atom that hardly varies can go, whatever its weights: the bias makes up for its mean.
 * @param consuming with Gram matrices that are centred where the layer has a bias
 * @see An et al. 2024, FLAP, eq. 5
 */
export function activationScores(consuming: readonly ConsumingLayer[], atoms: number): Float64Array {
  const scores = new Float64Array(atoms);
  for (const { layer, problems, weight } of consuming) {
    const values = tensorValues(layer.weight);
    problems.forEach(({ columns, outputs, gram, atoms: columnsOf }, group) => {
      columnsOf.forEach((own, atom) => {
        for (const column of own) {
          let squares = 0;
          for (let m = 0; m < outputs; m++) squares += Number(values[layer.form.at(group, m, column)]!) ** 2;
          scores[atom]! += weight * gram[column * columns + column]! * squares;
        }
      });
    });
  }
  return scores;
}
