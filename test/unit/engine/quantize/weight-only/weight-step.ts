import { quietContext } from '../../../../../main/base/progress.ts';
import { quantizeStepSchema } from '../../../../../main/contract/recipe/quantize.ts';
import type { WeightOnlyStep } from '../../../../../main/contract/recipe/quantize-weight-only.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { quantizeWeightOnly } from '../../../../../main/engine/quantize/weight-only/quantize-weight-only.ts';
import { inputScaling } from '../../../../../main/engine/steps/input-scaling.ts';
import type { Runner } from '../../../../../main/engine/runtime/runner.ts';

/** A step with 4 bits unless said otherwise. */
export const weightStep = (settings: Record<string, unknown>): WeightOnlyStep =>
  quantizeStepSchema.parse({ scheme: 'int4-weight', ...settings }) as WeightOnlyStep;

/** Codes a model's weights, from data where there are some. */
export function quantizeWeights(
  model: Model,
  settings: Record<string, unknown>,
  runner: Runner,
  calibration: (samples: number) => FeedBatches = () => {
    throw new Error('no data');
  },
): ReturnType<typeof quantizeWeightOnly> {
  return quantizeWeightOnly(
    model,
    { step: weightStep(settings), calibration, runner, scalingOf: inputScaling, sampleFeeds: async () => undefined },
    quietContext(),
  );
}
