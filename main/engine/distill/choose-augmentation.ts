import type { DistillStep } from '../../contract/recipe/distill.ts';
import type { Session } from '../runtime/session.ts';
import { answersOf, countEqual } from './agreement.ts';
import { PLAIN, type Augmentation, type View } from './augment.ts';
import type { Samples } from './samples.ts';
import { ViewedSamples } from './viewed-samples.ts';

/** Samples on which a kind of augmentation is tried. */
const TRIED = 128;
/**
 * Share of the teacher's answers that must stay as they were: below it the kind shows what the model was not made for. (Of CIFAR-10's images
 * ResNet-20 answers 77 to 84 % as before when they are mirrored, as many when they are moved; of 36 glyphs two fifths are their own mirror image.)
 */
const SURVIVING = 2 / 3;

const MIRRORED: View = { ...PLAIN, flip: true };

/**
 * What is done to the samples: as the step says, else the strongest kind that the teacher's answers survive. Mirrored letters
 * are no letters, and the teacher's answers tell.
 * @param output the teacher's scores
 * @throws RUNTIME_…, CANCELLED
 */
export async function chooseAugmentation(
  asked: DistillStep['augment'],
  {
    teacher,
    output,
    samples,
    seed,
    signal,
  }: {
    readonly teacher: Session;
    readonly output: string;
    readonly samples: Samples;
    readonly seed: number;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly kind: Augmentation; readonly notes: readonly string[] }> {
  if (samples.layout === undefined) {
    const unheard = asked !== 'auto' && asked !== 'none';
    return { kind: 'none', notes: unheard ? ['The samples are no images: they are not augmented.'] : [] };
  }
  if (asked !== 'auto') return { kind: asked, notes: [] };
  const places = Array.from({ length: Math.min(TRIED, samples.count) }, (_, sample) => sample);
  const answer = async (viewed: ViewedSamples, view: number): Promise<Int32Array | null> => {
    const feeds = viewed.feeds(
      places.map((sample) => ({ sample, view })),
      teacher.inputs,
    );
    return answersOf((await teacher.run(feeds, { outputs: [output], signal }))[output]!);
  };
  const mirrored = new ViewedSamples(samples, () => [PLAIN, MIRRORED]);
  const before = await answer(mirrored, 0);
  /** Share of the answers that stay; undefined where nothing is classified. */
  const surviving = async (viewed: ViewedSamples): Promise<number | undefined> => {
    const same = countEqual(before, await answer(viewed, 1));
    return same === null ? undefined : same.hits / same.samples;
  };
  const drawn = (kind: Augmentation): ViewedSamples => ViewedSamples.drawn(samples, { kind, most: 2, seed });
  /** From the strongest to the weakest that is taken without being asked for. What is drawn is mirrored half of the time only. */
  const candidates = [
    { kind: 'flip', what: 'Mirrored', tries: [mirrored, drawn('flip')] },
    { kind: 'warp', what: 'Turned and stretched', tries: [drawn('warp')] },
    { kind: 'shift', what: 'Shifted', tries: [drawn('shift')] },
  ] as const;
  const notes: string[] = [];
  for (const { kind, what, tries } of candidates) {
    const shares: number[] = [];
    for (const viewed of tries) {
      const share = await surviving(viewed);
      // Where nothing is classified nothing tells; images are shifted all the same.
      if (share === undefined) return { kind: 'shift', notes };
      shares.push(share);
    }
    const least = Math.min(...shares);
    if (least >= SURVIVING) return { kind, notes };
    notes.push(
      `${what} samples are not trained on: the teacher answers only ${Math.round(100 * least)} % of them as before.`,
    );
  }
  return { kind: 'none', notes };
}
