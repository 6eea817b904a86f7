import type { Tried } from '../../../main/contract/layer-trials.ts';
import { calibrationDatasetId, useData } from '../../state/data.ts';
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

/** The trials of single layers. */
export const useLayersTask = createTaskStore();

/** Quantizes every layer alone; what is measured comes as it is found. */
export async function measureLayers(tried: Tried): Promise<void> {
  const { model, datasetId } = useSession.getState();
  const calibration = calibrationDatasetId();
  if (model === null || calibration === null) return;
  const { split } = useData.getState();
  const params = { modelId: model.entry.id, tried, calibrationDatasetId: calibration, datasetId, split };
  const trials = await useLayersTask.getState().run((handle) => engine().call('quantize.layers.run', params, handle));
  if (trials !== null) putResult('quantize.layers', `${model.entry.id}|${tried}`, trials);
}
