import { engine } from '../../state/engine.ts';
import { useOverlay } from '../../state/overlay.ts';
import { putResult } from '../../state/queries.ts';
import { useSession } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import { measureDraft } from '../../widgets/measure.ts';

/** The quantization that Run started. */
export const useQuantizeTask = createTaskStore();
/** The measurement of errors. */
export const useErrorsTask = createTaskStore();

/** Makes and measures the trial of the recipe being edited, on all evaluation samples. */
export async function runQuantize(): Promise<void> {
  await useQuantizeTask.getState().run((handle) => measureDraft(handle, { limit: null }));
}

/** Measures every layer's quantization error of a trial; then the graph is coloured by it. */
export async function measureTrialErrors(trialId: string): Promise<void> {
  const { datasetId } = useSession.getState();
  if (datasetId === null) return;
  const errors = await useErrorsTask
    .getState()
    .run((handle) => engine().call('trial.errors.run', { trialId, datasetId }, handle));
  if (errors === null) return;
  putResult('trial.errors', trialId, errors);
  useOverlay.getState().setMetric('error');
}
