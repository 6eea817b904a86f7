import { editRecipe } from '../../../main/judge/recipe/edit.ts';
import type { Fix } from '../../../main/contract/doctor.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import { engine } from '../../state/engine.ts';
import { tell } from '../../state/messages.ts';
import { putResult } from '../../state/queries.ts';
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
  const report = await useDoctorTask
    .getState()
    .run((handle) => engine().call('trial.doctor.run', { trialId, datasetId, quick }, handle));
  if (report !== null) putResult('trial.doctor', trialId, report);
}

/** Puts a fix into the recipe that is edited; undo takes it back. */
export function applyFix(trial: Trial, fix: Fix): void {
  const { draft } = useRecipe.getState();
  loadRecipe(editRecipe(baseOfFix(trial, wholeRecipe(draft)), fix.edits));
  tell('info', `In the recipe: ${fix.title}`, 'Run the recipe to see what it brings; undo takes it back.');
}
