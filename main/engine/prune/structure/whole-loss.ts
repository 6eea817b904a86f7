import type { TaskContext } from '../../../base/progress.ts';
import type { DistanceMeasure } from '../../dataset/output-distance.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { spreadSamples } from '../../dataset/spread-samples.ts';
import type { Model } from '../../graph/ir.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { joinBatches } from '../../sums/join-batches.ts';
import type { Closure } from '../../channels/closure.ts';
import type { CalibrationRunner } from '../repair/layer-sums.ts';
import { fitModel } from '../repair/repair-model.ts';
import { cutModel } from './cut.ts';
import { OutputDistance } from './option-losses.ts';
import { keptChannels, removalOf, type KeptAtoms } from './removal.ts';

/** What runs the model on calibration data: how many samples there are, and how many one run may take. */
export interface SampledRunner extends CalibrationRunner {
  readonly samples: number;
  readonly joinable: number;
}

/** What whole cuts lose at the model's output, once they are repaired. */
export interface WholeLoss {
  /** Where each group keeps `counts[g]` atoms; Infinity where outputs are no numbers. */
  readonly of: (counts: ArrayLike<number>) => Promise<number>;
  readonly measure: DistanceMeasure;
  /** Samples that cuts are repaired on, and others that they are compared on; 0: there are no others. */
  readonly fitted: number;
  readonly compared: number;
  /** Whether a cut takes seconds and not minutes, whatever the machine does: a handful may be measured. */
  readonly quick: boolean;
}

/** Samples at most for a repair, and for comparing. */
const FITTED_SAMPLES = 128;
const COMPARED_SAMPLES = 256;
/** Columns³ of all layers behind groups: a repair solves them once each. */
const QUICK = 2e10;
/** Positions for each weight that is solved: half of what a repair looks at, which tells cuts apart as well. */
const ROWS_PER_COLUMN = 150;
/** What a repair step takes where nobody says otherwise. */
const RIDGE = 0.01;

/**
 * Measures cuts as a recipe makes them: channels go, what stays is fitted again by least squares on one half of the batches,
 * and the outputs are compared with the whole model's on the other half, which the fit has not seen.
 * @param of.reference the whole model: what is cut, or what that was made of
 * @param of.kept which atoms stay for so many of each group
 * @param of.work columns³, summed over the layers behind the groups
 * @throws RUNTIME_…, CANCELLED
 */
export async function wholeLoss(
  {
    closure,
    reference,
    kept,
    work,
  }: {
    readonly closure: Closure;
    readonly reference: Model;
    readonly kept: (counts: ArrayLike<number>) => Promise<KeptAtoms>;
    readonly work: number;
  },
  { runner, batches, joinable, whole }: SampledRunner & { readonly whole: boolean },
  context: TaskContext,
): Promise<WholeLoss> {
  const [first, second] = [0, 1].map((from) => new CalibrationBatches(() => everySecond(batches(), from)));
  const [total, others] = [await first!.count(), await second!.count()];
  const fitted = Math.min(FITTED_SAMPLES, total);
  // Whole batches: what a batch gives is handed over once.
  const fit = joined(() => spreadSamples(first!.all(), { total, count: fitted }, { whole: true }), joinable);
  const compared = Math.min(COMPARED_SAMPLES, others);
  const spread = (): FeedBatches => spreadSamples(second!.all(), { total: others, count: compared }, { whole });
  const compare = others === 0 ? fit : joined(spread, joinable);
  const distance = await OutputDistance.from(reference, { runner, batches: compare }, context);
  const settings = { method: 'least-squares', ridge: RIDGE, samples: fitted, exclude: [] } as const;
  // A repair tells of its own layers; what is shown meanwhile is that cuts are measured.
  const quiet = { signal: context.signal, progress: () => undefined };
  return {
    of: async (counts) => {
      const removal = removalOf(closure, await kept(counts));
      const lineage = { before: reference, kept: keptChannels(closure, removal) };
      const input = { settings, lineage, calibration: fit, runner, rowsPerColumn: ROWS_PER_COLUMN };
      const repaired = await fitModel(cutModel(closure, removal), input, quiet);
      const loss = await distance.of(repaired.model);
      return Number.isNaN(loss) ? Infinity : loss;
    },
    measure: distance.measure,
    fitted,
    compared,
    quick: work <= QUICK,
  };
}

function joined(batches: () => FeedBatches, joinable: number): () => FeedBatches {
  const kept = new CalibrationBatches(() => joinBatches(batches(), joinable));
  return () => kept.all();
}

async function* everySecond(batches: FeedBatches, from: number): FeedBatches {
  let at = 0;
  for await (const feeds of batches) if (at++ % 2 === from) yield feeds;
}
