import { equalizeKind, type EqualizeStep } from '../../contract/recipe/equalize.ts';
import { equalizeModel } from '../equalize/equalize-model.ts';
import type { EqualizeOutcome } from '../equalize/outcome.ts';
import type { EngineStep, StepOutcome } from './step.ts';

export type EqualizeStepOutcome = StepOutcome<'equalize', EqualizeOutcome>;

export const equalizeStep: EngineStep<EqualizeStep, EqualizeStepOutcome> = {
  kind: equalizeKind,
  stage: 'Equalising',
  apply: async (model, settings, { calibration, runner }, context) => {
    const equalized = await equalizeModel(model, { settings, calibration, runner }, context);
    const outcome = { kind: 'equalize', details: equalized.outcome, notes: equalized.outcome.notes } as const;
    return { model: equalized.model, settings, sources: equalized.sources, outcome };
  },
};
