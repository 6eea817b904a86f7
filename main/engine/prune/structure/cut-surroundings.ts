import type { FeedBatches } from '../../dataset/feed-batches.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import type { TimesBook } from './width-times.ts';

/** Where a cut is tried. */
export interface CutSurroundings {
  readonly runner: Runner;
  /** Typical inputs, for scores that take some. */
  readonly calibration: (samples: number) => FeedBatches;
  /** Real inputs to compare the cut model with the masked one on; undefined: made ones. */
  readonly sampleFeeds: () => Promise<HostTensors | undefined>;
  /** Times of widths that are kept; left out: they are learnt anew. */
  readonly times?: TimesBook;
}
