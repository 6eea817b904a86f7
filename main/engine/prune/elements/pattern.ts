import type { ScoreBits } from './select-smallest.ts';
import type { WeightMatrix } from './weight-matrix.ts';

/** Of each group of neighbouring inputs so many weights stay. */
export interface Pattern {
  readonly kept: number;
  readonly of: number;
}

/** "2:4" → 2 of 4. */
export function patternOf(text: string): Pattern {
  const [kept, of] = text.split(':').map(Number) as [number, number];
  return { kept, of };
}

/** Why a matrix cannot have the pattern; undefined: it can. Groups lie along the input channels, for each place of the kernel. */
export function patternRefusal({ inputs }: WeightMatrix, { of }: Pattern): string | undefined {
  return inputs % of === 0
    ? undefined
    : `its ${inputs} input channels for each output do not divide into groups of ${of}`;
}

const MAGNITUDE = 0x7fffffff;

/**
 * The weights to cut so that each group of neighbouring inputs keeps those of the greatest scores; of equals the later stays.
 * @param scores of the weights, as they are stored
 * @returns a mask in the same order, 1 = cut
 * @see Mishra et al. 2021, Accelerating Sparse Deep Neural Networks
 */
export function patternMask(scores: ScoreBits, { rowAt, columnAt }: WeightMatrix, { kept, of }: Pattern): Uint8Array {
  const mask = new Uint8Array(scores.length);
  for (let row = 0; row < rowAt.length; row++) {
    const start = rowAt[row]!;
    for (let first = 0; first < columnAt.length; first += of) {
      for (let cut = kept; cut < of; cut++) {
        let smallest = -1;
        let least = Infinity;
        for (let column = first; column < first + of; column++) {
          const at = start + columnAt[column]!;
          const score = scores[at]! & MAGNITUDE;
          if (mask[at] === 1 || score >= least) continue;
          smallest = at;
          least = score;
        }
        mask[smallest] = 1;
      }
    }
  }
  return mask;
}
