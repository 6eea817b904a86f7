import type { DistillStep } from '../../contract/recipe/distill.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import type { Model } from '../graph/ir.ts';
import type { Lineage } from '../prune/lineage.ts';
import type { Runner } from '../runtime/runner.ts';
import type { TrainingHost } from './training-host.ts';

export interface DistillInput {
  readonly settings: DistillStep;
  readonly teacher: Model;
  /** Where a pruned student comes from, if the teacher is the model before. */
  readonly lineage: Lineage | undefined;
  readonly calibration: (samples: number) => FeedBatches;
  /** Classes of the calibration samples; null: unknown. */
  readonly labels: (samples: number) => Int32Array | null;
  readonly runner: Runner;
  readonly host: TrainingHost;
}
