import { editRecipe } from '../../../main/judge/recipe/edit.ts';
import type { DoctorReport, Fix } from '../../../main/contract/doctor.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import { engine } from '../../state/engine.ts';
import { tell } from '../../state/messages.ts';
import { putResult, queries } from '../../state/queries.ts';
import { loadRecipe, useRecipe } from '../../state/recipe.ts';
import { wholeRecipe } from '../../state/recipe-draft.ts';
import { useSession } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import { baseOfFix } from './model.ts';

/** The examination that is going on. */
export const useDoctorTask = createTaskStore();

/**
 * Examines a trial's model, on the evaluation data where some are chosen.
 * @param quick only what follows from the file
 */
export async function examineTrial(trialId: string, quick: boolean): Promise<void> {
  const { datasetId } = useSession.getState();
  const known = queries.getQueryData(['trial.doctor', trialId]) ?? null;
  const report = await useDoctorTask.getState().run(async (handle) => {
    const call = (early: boolean): Promise<DoctorReport> =>
      engine().call('trial.doctor.run', { trialId, datasetId, quick: early }, handle);
    // What the file tells is shown while the rest is measured, unless more is known from before.
    if (!quick && known === null) putResult('trial.doctor', trialId, await call(true));
    return call(quick);
  });
  if (report !== null) putResult('trial.doctor', trialId, report);
}

/** Puts a fix into the recipe that is edited; undo takes it back. */
export function applyFix(trial: Trial, fix: Fix): void {
  const { draft } = useRecipe.getState();
  const vnni = useSession.getState().info?.machine.vnni ?? null;
  loadRecipe(editRecipe(baseOfFix(trial, wholeRecipe(draft), { vnni }), fix.edits));
  tell('info', `In the recipe: ${fix.title}`, 'Run the recipe to see what it brings; undo takes it back.');
}
