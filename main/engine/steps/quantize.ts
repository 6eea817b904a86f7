import { quantizeKind, type QuantizeStep } from '../../contract/recipe/quantize.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import type { QuantizeOutcome } from '../quantize/outcome.ts';
import { quantizeCache } from '../quantize/quantize-cache.ts';
import { quantizeDynamic } from '../quantize/quantize-dynamic.ts';
import { quantizeHalf } from '../quantize/quantize-half.ts';
import { quantizeStatic } from '../quantize/quantize-static.ts';
import { quantizeWeightOnly } from '../quantize/weight-only/quantize-weight-only.ts';
import { inputScaling } from './input-scaling.ts';
import type { EngineStep, StepOutcome, StepSurroundings } from './step.ts';

export type QuantizeStepOutcome = StepOutcome<'quantize', Omit<QuantizeOutcome, 'model' | 'sources'>>;

export const quantizeStep: EngineStep<QuantizeStep, QuantizeStepOutcome> = {
  kind: quantizeKind,
  stage: 'Quantizing',
  apply: async (model, settings, surroundings, context) => {
    const { model: quantized, sources, ...details } = await quantize(model, settings, surroundings, context);
    const outcome = { kind: 'quantize', details, notes: details.notes } as const;
    return { model: quantized, settings: details.step, sources, outcome };
  },
};

function quantize(
  model: Model,
  step: QuantizeStep,
  surroundings: StepSurroundings,
  context: TaskContext,
): Promise<QuantizeOutcome> {
  switch (step.scheme) {
    case 'int8-static':
    case 'int16-static':
      return quantizeStatic(model, { ...surroundings, step }, context);
    case 'int8-dynamic':
      return quantizeDynamic(model, { ...surroundings, step }, context);
    case 'float16':
      return quantizeHalf(model, { ...surroundings, step }, context);
    case 'kv-cache':
      return quantizeCache(model, { ...surroundings, step }, context);
    case 'int8-weight':
    case 'int4-weight':
    case 'int2-weight':
      return quantizeWeightOnly(model, { ...surroundings, step, scalingOf: inputScaling }, context);
  }
}
