import { StudioError } from '../../base/errors.ts';
import type { Split } from '../../contract/data.ts';
import { seededRandom } from '../tensor/random.ts';

/** What a split looks at. */
export interface Splittable {
  readonly name: string;
  readonly samples: number;
  /** Class of each sample; null without labels. */
  readonly labels: Int32Array | null;
}

/**
 * The samples of one part of a set, ascending. Both parts come from one order of all samples, drawn by the seed, in which
 * every beginning holds the classes in proportion (to one sample each): the first `share` of it calibrates, the rest
 * evaluates, so that the parts never share a sample. With a limit, the part's first so many in that order.
 * @param limit null: the whole part; of an uncut set the first so many as they lie
 * @returns null for the whole of an uncut set
 * @throws DATA_INVALID when a part would be empty
 */
export function splitIndices(data: Splittable, split: Split, limit: number | null): Uint32Array | null {
  const { samples } = data;
  if (split.part === 'all') {
    return limit === null || limit >= samples ? null : Uint32Array.from({ length: limit }, (_, index) => index);
  }
  const cut = Math.round(split.share * samples);
  if (cut < 1 || cut >= samples) {
    throw new StudioError(
      'DATA_INVALID',
      `Data '${data.name}' has ${samples} samples: ${split.share * 100} % of them for calibration leaves one part empty`,
      { hint: 'Choose another share, or give calibration data of its own.' },
    );
  }
  const order = stratifiedOrder(data, split.seed);
  const part = split.part === 'calibration' ? order.subarray(0, cut) : order.subarray(cut);
  return part.slice(0, limit ?? part.length).sort();
}

/** So many samples of a set, ascending: of every class alike, drawn by the seed. */
export function drawIndices(data: Splittable, count: number, seed = 0): Uint32Array {
  return stratifiedOrder(data, seed).slice(0, count).sort();
}

/** Samples that a part has, without drawing it. */
export function splitSize({ samples }: Pick<Splittable, 'samples'>, { part, share }: Split): number {
  const cut = Math.round(share * samples);
  return part === 'all' ? samples : part === 'calibration' ? cut : samples - cut;
}

/**
 * All samples in an order drawn by the seed. Sample number r of a class of n, in a random order of their own, stands at
 * (r + u) / n with one random u for each class: so every beginning of the order holds each class in proportion.
 */
function stratifiedOrder({ samples, labels }: Splittable, seed: number): Uint32Array {
  const random = seededRandom(seed + 1);
  const ofClass = new Map<number, number[]>();
  for (let index = 0; index < samples; index++) {
    const label = labels?.[index] ?? 0;
    const members = ofClass.get(label);
    if (members === undefined) ofClass.set(label, [index]);
    else members.push(index);
  }
  const place = new Float64Array(samples);
  // By class number, so that the order does not depend on which class lies first in the file.
  for (const [, members] of [...ofClass].sort(([a], [b]) => a - b)) {
    shuffle(members, random);
    const offset = random();
    for (const [rank, index] of members.entries()) place[index] = (rank + offset) / members.length;
  }
  return Uint32Array.from({ length: samples }, (_, index) => index).sort((a, b) => place[a]! - place[b]! || a - b);
}

/** Fisher and Yates, in place. */
function shuffle(items: number[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
}
