import type { MeasuredPlan } from '../../../../main/judge/predict/measured-plan.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { editKind } from '../../../state/recipe.ts';
import { calibrationDatasetId, useData } from '../../../state/data.ts';
import { engine } from '../../../state/engine.ts';
import { putResult, widthTimesId } from '../../../state/queries.ts';
import { useSession } from '../../../state/session.ts';
import { createTaskStore } from '../../../state/task.ts';
import { releaseSlider, showKept } from '../store.ts';
import { sensitivityScore } from './sensitivity-model.ts';
import { withWidth } from './model.ts';

/** A group's own slider moves. @param width null: the group follows the target again */
export function dragWidth(step: ChannelPruning, group: string, width: number | null): void {
  editKind('prune', { structure: 'channel', widths: withWidth(step, group, width), off: false }, `width ${group}`);
  showKept();
}

/** A group gets this width at once, or follows the target again, and the cut is measured. */
export function setWidth(step: ChannelPruning, group: string, width: number | null): void {
  dragWidth(step, group, width);
  releaseSlider();
}

/** The timing of widths. */
export const useTimesTask = createTaskStore();

/** Times cuts of the model on this machine, so that latencies are predicted. */
export async function timeWidths(plan: MeasuredPlan, { align, minimum }: ChannelPruning): Promise<void> {
  const { model } = useSession.getState();
  if (model === null) return;
  const params = { modelId: model.entry.id, align, minimum };
  const times = await useTimesTask.getState().run((handle) => engine().call('prune.times.run', params, handle));
  if (times !== null) putResult('prune.times', widthTimesId(plan.shapes, align), times);
}

/** The measurement of sensitivity. */
export const useSensitivityTask = createTaskStore();

/** Cuts every group alone by the step's score; what is measured comes as it is found. */
export async function measureSensitivity(step: ChannelPruning): Promise<void> {
  const { model, datasetId } = useSession.getState();
  const calibration = calibrationDatasetId();
  if (model === null || calibration === null) return;
  const params = {
    modelId: model.entry.id,
    calibrationDatasetId: calibration,
    datasetId,
    split: useData.getState().split,
    score: sensitivityScore(step),
    seed: 'seed' in step ? step.seed : 0,
  };
  const table = await useSensitivityTask
    .getState()
    .run((handle) => engine().call('prune.sensitivity.run', params, handle));
  if (table !== null) putResult('prune.sensitivity', model.entry.id, table);
}
