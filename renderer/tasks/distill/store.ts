import { create } from 'zustand';
import type { TrainingOrder } from '../../../main/contract/training.ts';
import { runDraft } from '../../state/actions.ts';
import { engine } from '../../state/engine.ts';
import { tellError } from '../../state/messages.ts';
import { createTaskStore } from '../../state/task.ts';

/** The distillation that Run started. */
export const useDistillTask = createTaskStore();

interface DistillStore {
  /** The trial whose curve is drawn beside the shown one; null: none. */
  readonly other: string | null;
}

export const useDistill = create<DistillStore>(() => ({ other: null }));

/** Makes and measures the trial of the recipe being edited. */
export async function runDistill(): Promise<void> {
  await useDistillTask.getState().run((handle) => runDraft({ limit: null, ...handle }));
}

/** Pauses the training that makes a trial, lets it go on, or ends it with its best state. */
export async function orderTraining(trialId: string, order: TrainingOrder): Promise<void> {
  try {
    await engine().call('training.order', { trialId, order });
  } catch (error) {
    tellError(error);
  }
}
