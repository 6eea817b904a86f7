import type { TaskContext } from '../../../base/progress.ts';
import type { StaticStep } from '../../../contract/recipe/quantize-static.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import type { Model } from '../../graph/ir.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { QuantizationPlan } from '../plan-quantization.ts';
import type { PlanChanges, WrittenPlan } from '../settle-plan.ts';

/** What is refined, and by what. */
export interface RefineTask {
  readonly float: Model;
  readonly plan: QuantizationPlan;
  readonly quantized: WrittenPlan;
  /** Writes the plan with other codes and biases. */
  readonly rewrite: (changes: Pick<PlanChanges, 'refined' | 'factors'>) => WrittenPlan;
  readonly step: Pick<StaticStep, 'rounding' | 'biasCorrection'>;
  readonly runner: Runner;
  readonly batches: () => FeedBatches;
  readonly samples: number;
  readonly context: TaskContext;
}
