import { assert } from '../../base/errors.ts';
import { repairKind, type RepairStep } from '../../contract/recipe/repair.ts';
import { repairModel, type RepairOutcome } from '../prune/repair/repair-model.ts';
import type { EngineStep, StepOutcome } from './step.ts';

export type RepairStepOutcome = StepOutcome<'repair', RepairOutcome>;

export const repairStep: EngineStep<RepairStep, RepairStepOutcome> = {
  kind: repairKind,
  stage: 'Repairing',
  apply: async (model, settings, { lineage, calibration, runner }, context) => {
    assert(lineage !== undefined, 'a step before has pruned the model: recipes of another order are refused');
    const repaired = await repairModel(model, { settings, lineage, calibration, runner }, context);
    const outcome = { kind: 'repair', details: repaired.outcome, notes: repaired.outcome.notes } as const;
    return { model: repaired.model, settings, sources: repaired.sources, outcome };
  },
};
