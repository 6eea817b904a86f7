import { crossEntropy, klDivergence, type Loss, type LossScope } from '../autograd/loss.ts';
import type { Shape } from '../graph/ir.ts';
import type { Target } from './match.ts';

/** Keeps quotients of nothing by nothing finite. */
const TINY = 1e-12;

/** The loss of a target. @param weight what it is multiplied by in the sum */
export function lossOf({ match, input, value, loss: name }: Target, temperature: number, weight: number): Loss {
  const { kind, axis, targetDims } = match;
  /** The batch is that of the value. */
  const shapeOf = (scope: LossScope): Shape =>
    targetDims.map((dim, at) => (at === 0 ? (scope.shapeOf(value)?.[0] ?? null) : dim));
  switch (kind) {
    case 'outputs':
      return klDivergence({ name, weight, logits: value, target: input, temperature, axis });
    case 'labels':
      return crossEntropy({ name, weight, logits: value, labels: input, axis });
    case 'values':
      return {
        name,
        weight,
        write: (scope) => relativeError(scope, value, scope.given(input, 'float32', shapeOf(scope))),
      };
    case 'attention':
      return {
        name,
        weight,
        write: (scope) => {
          const target = scope.given(input, 'float32', shapeOf(scope));
          return relativeError(scope, attentionMap(scope, value, match), attentionMap(scope, target, match));
        },
      };
  }
}

/** Σ(a − b)² / Σb² over all elements: 0 is exact, 1 as bad as giving zeros. */
function relativeError({ write }: LossScope, value: string, target: string): string {
  const mean = (square: string): string => write.reduceMean(square, undefined, false);
  const error = mean(write.square(write.sub(value, target)));
  return write.div(error, write.add(mean(write.square(target)), write.number(TINY, 'float32')));
}

/**
 * Where activity lies: [N, C, …] → [N, 1, …], the mean square over the channels at every place, each sample's map of length 1.
 * @see Zagoruyko and Komodakis 2017 (attention transfer)
 */
function attentionMap({ write }: LossScope, value: string, { axis, dims }: Target['match']): string {
  const map = write.reduceMean(write.square(value), [axis], true);
  const others = dims.map((_, at) => at).filter((at) => at > 0);
  const length = write.reduceSum(write.square(map), others, true);
  return write.div(map, write.sqrt(write.add(length, write.number(TINY, 'float32'))));
}
