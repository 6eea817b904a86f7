import type { DistillStep } from '../../contract/recipe/distill.ts';
import type { Session } from '../runtime/session.ts';
import { answersOf, countEqual } from './agreement.ts';
import type { Augmentation } from './augment.ts';
import type { Samples } from './samples.ts';
import { ViewedSamples } from './viewed-samples.ts';

/** Samples on which a kind of augmentation is tried. */
const TRIED = 128;
/** Share of the teacher's answers that must stay as they were: below it the kind shows what the model was not made for. */
const SURVIVING = 0.75;

/** From the strongest to the weakest that is taken without being asked for. */
const CANDIDATES: readonly Augmentation[] = ['flip', 'shift'];

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
  const notes: string[] = [];
  for (const kind of CANDIDATES) {
    const viewed = new ViewedSamples(samples, { kind, most: 2, seed });
    const same = countEqual(await answer(viewed, 0), await answer(viewed, 1));
    // Where nothing is classified nothing tells; images are shifted all the same.
    if (same === null) return { kind: 'shift', notes };
    const share = same.hits / same.samples;
    if (share >= SURVIVING) return { kind, notes };
    const what = kind === 'flip' ? 'Mirrored' : 'Shifted';
    notes.push(
      `${what} samples are not trained on: the teacher answers only ${Math.round(100 * share)} % of them as before.`,
    );
  }
  return { kind: 'none', notes };
}
