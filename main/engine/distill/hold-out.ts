import { StudioError } from '../../base/errors.ts';
import { seededRandom } from '../tensor/random.ts';
import { shuffle } from './batch-order.ts';

/** Places of the samples that are trained on, and of those that are not; both ascending. */
export interface HeldOut {
  readonly trained: readonly number[];
  readonly heldOut: readonly number[];
}

/**
 * Draws the samples that are held out: the share, rounded, but one at least.
 * @throws DATA_INVALID where none would be left to train on
 */
export function holdOut(count: number, { share, seed }: { readonly share: number; readonly seed: number }): HeldOut {
  const held = Math.max(1, Math.round(share * count));
  if (held >= count) {
    throw new StudioError(
      'DATA_INVALID',
      `${count === 1 ? 'There is one sample' : `There are ${count} samples`}: with ${held} held out, none is left to train on`,
      { hint: 'Give more samples, or hold a smaller share out; some hundred are usual.' },
    );
  }
  const order = Array.from({ length: count }, (_, place) => place);
  shuffle(order, seededRandom(seed + 1));
  const ascending = (places: readonly number[]): readonly number[] => places.toSorted((a, b) => a - b);
  return { trained: ascending(order.slice(held)), heldOut: ascending(order.slice(0, held)) };
}
