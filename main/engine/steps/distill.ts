import { StudioError } from '../../base/errors.ts';
import { distillKind, type DistillStep } from '../../contract/recipe/distill.ts';
import { distillModel, type DistillOutcome } from '../distill/distill-model.ts';
import { NOBODY } from '../distill/training-host.ts';
import type { Model } from '../graph/ir.ts';
import type { EngineStep, StepOutcome, StepSurroundings } from './step.ts';

export type DistillStepOutcome = StepOutcome<'distill', DistillOutcome>;

export const distillStep: EngineStep<DistillStep, DistillStepOutcome> = {
  kind: distillKind,
  stage: 'Distilling',
  apply: async (model, given, surroundings, context) => {
    const { lineage, calibration, labels = () => null, runner, training: host = NOBODY } = surroundings;
    const teacher = await teacherOf(model, given, surroundings);
    const input = { settings: given, teacher, lineage, calibration, labels, runner, host };
    const { model: made, settings, sources, outcome } = await distillModel(model, input, context);
    return { model: made, settings, sources, outcome: { kind: 'distill', details: outcome, notes: outcome.notes } };
  },
};

/** The model that the step names, else the one before pruning, else the one that the recipe begins with. */
async function teacherOf(
  model: Model,
  { teacher }: DistillStep,
  { lineage, source = model, modelOf }: StepSurroundings,
): Promise<Model> {
  if (teacher === '') return lineage?.before ?? source;
  if (modelOf !== undefined) return modelOf(teacher);
  throw new StudioError('NOT_FOUND', `The teacher ${teacher.slice(0, 12)}… is not at hand`, {
    hint: 'Name its file with --teacher, or open it in the studio.',
  });
}
