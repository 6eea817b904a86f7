import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { splitSettingsSchema } from '../../main/contract/data.ts';
import type { SplitSettings } from '../../main/contract/data.ts';
import type { DatasetEntry } from '../../main/contract/studio.ts';
import { keptAs } from './persist.ts';
import { useSession } from './session.ts';

interface DataStore {
  /** The data set that quantization calibrates on, as chosen by hand; null: see {@link calibrationFor}. */
  readonly calibrationId: string | null;
  /** How a set that both calibrates and evaluates is cut in two. */
  readonly split: SplitSettings;
}

/** The choice of calibration data; the evaluation data are the session's. Kept over restarts. */
export const useData = create<DataStore>()(
  persist(
    (): DataStore => ({ calibrationId: null, split: splitSettingsSchema.parse({}) }),
    keptAs('data', { version: 1, keep: (data) => data }),
  ),
);

/** Chooses the calibration data. */
export function chooseCalibration(datasetId: string | null): void {
  useData.setState({ calibrationId: datasetId });
}

/** Changes how a set that both calibrates and evaluates is cut. */
export function chooseSplit(patch: Partial<SplitSettings>): void {
  useData.setState(({ split }) => ({ split: { ...split, ...patch } }));
}

/** Chooses the data that accuracy is measured on. */
export function chooseEvaluation(datasetId: string | null): void {
  useSession.setState({ datasetId });
}

/**
 * The data set to calibrate on: the one chosen by hand while it is there; else one beside the evaluation data that says
 * it is for validation, training or calibration, so that accuracy is not measured on data that the model was tuned to;
 * else the evaluation data themselves.
 */
export function calibrationFor(
  datasets: readonly DatasetEntry[],
  chosen: { readonly calibrationId: string | null; readonly evaluationId: string | null },
): string | null {
  if (datasets.some((entry) => entry.id === chosen.calibrationId)) return chosen.calibrationId;
  const evaluation = datasets.find((entry) => entry.id === chosen.evaluationId);
  if (evaluation === undefined) return null;
  const folder = folderOf(evaluation.path);
  const sibling = datasets.find(
    (entry) =>
      entry.id !== evaluation.id &&
      folderOf(entry.path) === folder &&
      /calib|valid|train/iu.test(`${entry.name} ${entry.path.slice(folder.length)}`),
  );
  return sibling?.id ?? evaluation.id;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** The data set to calibrate on, now. */
export function calibrationDatasetId(): string | null {
  const { datasets, datasetId } = useSession.getState();
  return calibrationFor(datasets, { calibrationId: useData.getState().calibrationId, evaluationId: datasetId });
}

/** Whether the chosen evaluation data have no labels: then there is nothing to measure the baseline against. */
export function hasUnlabelledData(state: {
  readonly datasets: readonly DatasetEntry[];
  readonly datasetId: string | null;
}): boolean {
  return state.datasets.find((entry) => entry.id === state.datasetId)?.labelled === false;
}
