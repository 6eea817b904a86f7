import { quantizeKind, type QuantizeStep } from '../../contract/recipe/quantize.ts';
import { quantizeStatic, type QuantizeOutcome } from '../quantize/quantize-static.ts';
import type { EngineStep, StepOutcome } from './step.ts';

export type QuantizeStepOutcome = StepOutcome<'quantize', Omit<QuantizeOutcome, 'model' | 'sources'>>;

export const quantizeStep: EngineStep<QuantizeStep, QuantizeStepOutcome> = {
  kind: quantizeKind,
  stage: 'Quantizing',
  apply: async (model, settings, surroundings, context) => {
    const input = { step: settings, ...surroundings };
    const { model: quantized, sources, ...details } = await quantizeStatic(model, input, context);
    const outcome = { kind: 'quantize', details, notes: details.notes } as const;
    return { model: quantized, settings: details.step, sources, outcome };
  },
};
