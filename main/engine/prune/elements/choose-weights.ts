import { seededRandom } from '../../tensor/random.ts';
import type { CalibratedElementStep, ElementStep } from '../../../contract/recipe/prune-elements.ts';
import type { Tensor } from '../../graph/ir.ts';
import { blockOf, blockScores, maskOfBlocks } from './blocks.ts';
import type { ElementLayer, ElementWeight } from './element-weights.ts';
import { lampCounts } from './lamp.ts';
import { patternMask, patternOf } from './pattern.ts';
import { applyCut, magnitudeBits, smallestCut, type ScoreBits } from './select-smallest.ts';

/**
 * Which weights go, told by the weights alone.
 * @returns a mask for each stored tensor, 1 = cut
 */
export function chooseByWeights(
  layers: readonly ElementLayer[],
  step: Exclude<ElementStep, CalibratedElementStep>,
): ReadonlyMap<Tensor, Uint8Array> {
  const random = step.score === 'random' ? seededRandom(step.seed) : undefined;
  const scored = layers.map(({ weights }) =>
    weights.map((weight) => ({ ...weight, scores: scoresOf(weight, random) })),
  );
  if (step.structure !== 'element') {
    const pattern = patternOf(step.structure);
    return new Map(
      scored.flat().map(({ tensor, scores, matrix }) => [tensor, patternMask(scores, matrix!, pattern)] as const),
    );
  }
  const block = blockOf(step.block);
  const units = scored.map((weights) =>
    weights.map(({ matrix, scores }) => (matrix === undefined ? scores : blockScores(scores, matrix, block))),
  );
  const masks = new Map<Tensor, Uint8Array>();
  for (const { members, count } of cutSizes(units, step)) {
    const cut = applyCut(
      members.map(([layer, at]) => units[layer]![at]!),
      smallestCut(
        members.map(([layer, at]) => units[layer]![at]!),
        count,
      ),
    );
    for (const [position, [layer, at]] of members.entries()) {
      const { tensor, matrix } = scored[layer]![at]!;
      masks.set(tensor, matrix === undefined ? cut[position]! : maskOfBlocks(cut[position]!, matrix, block));
    }
  }
  return masks;
}

function scoresOf({ values }: ElementWeight, random: (() => number) | undefined): ScoreBits {
  const magnitudes = magnitudeBits(values);
  return random === undefined ? magnitudes : magnitudes.map((bits) => (bits << 1 === 0 ? 0 : drawn(random)));
}

/** An order by chance; zeros stay first, for they are cut already. As floats between 1 and 2, so that blocks can take their mean. */
function drawn(random: () => number): number {
  return 0x3f800000 + Math.floor(random() * 0x800000);
}

interface CutSize {
  /** Places of layer and weight of what is compared with each other. */
  readonly members: readonly (readonly [layer: number, weight: number])[];
  readonly count: number;
}

/** How much to cut out of which weights together. Rounding is carried on, so the total is exact in every scope. */
function cutSizes(
  units: readonly (readonly ScoreBits[])[],
  { scope, sparsity }: { readonly scope: 'global' | 'layer' | 'lamp'; readonly sparsity: number },
): readonly CutSize[] {
  const members = units.map((weights, layer) => weights.map((_, at) => [layer, at] as const));
  const sizes = units.map((weights) => weights.reduce((sum, { length }) => sum + length, 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (scope === 'global') return [{ members: members.flat(), count: Math.round(sparsity * total) }];
  if (scope === 'lamp') {
    const counts = lampCounts(units, Math.round(sparsity * total));
    return members.map((own, layer) => ({ members: own, count: counts[layer]! }));
  }
  let seen = 0;
  let cut = 0;
  return members.map((own, layer) => {
    seen += sizes[layer]!;
    const count = Math.round(sparsity * seen) - cut;
    cut += count;
    return { members: own, count };
  });
}
