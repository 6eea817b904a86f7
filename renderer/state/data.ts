import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { splitSettingsSchema } from '../../main/contract/data.ts';
import type { SplitSettings } from '../../main/contract/data.ts';
import type { ValueRef } from '../../main/contract/results.ts';
import type { DatasetEntry, OpenedModel } from '../../main/contract/studio.ts';
import { keptAs } from './persist.ts';
import { useSession } from './session.ts';

/** The data that were chosen by hand for a model. */
export interface DataChoice {
  readonly evaluationId: string | null;
  readonly calibrationId: string | null;
  /** What the model takes: see {@link inputsKey}. */
  readonly inputs: string;
}

interface DataStore {
  /** By model, the newest choice last. */
  readonly choices: Readonly<Record<string, DataChoice>>;
  /** The data set that quantization calibrates on, as chosen by hand; null: see {@link calibrationFor}. */
  readonly calibrationId: string | null;
  /** How a set that both calibrates and evaluates is cut in two. */
  readonly split: SplitSettings;
}

/** The choice of calibration data; the evaluation data are the session's. Kept over restarts. */
export const useData = create<DataStore>()(
  persist(
    (): DataStore => ({ choices: {}, calibrationId: null, split: splitSettingsSchema.parse({}) }),
    keptAs('data', {
      version: 2,
      keep: (data) => data,
      // Version 1 knew one choice for all models.
      migrate: (old) => ({ choices: {}, calibrationId: null, split: splitSettingsSchema.parse(old['split'] ?? {}) }),
    }),
  ),
);

/** Models whose choices are kept. */
const KEPT_CHOICES = 100;

/** Chooses the calibration data. */
export function chooseCalibration(datasetId: string | null): void {
  useData.setState({ calibrationId: datasetId });
  keepChoice();
}

/** Changes how a set that both calibrates and evaluates is cut. */
export function chooseSplit(patch: Partial<SplitSettings>): void {
  useData.setState(({ split }) => ({ split: { ...split, ...patch } }));
}

/** Chooses the data that accuracy is measured on. */
export function chooseEvaluation(datasetId: string | null): void {
  useSession.setState({ datasetId });
  keepChoice();
}

/** Keeps what is chosen now for the open model. */
function keepChoice(): void {
  const { model, datasetId } = useSession.getState();
  if (model === null) return;
  useData.setState(({ choices, calibrationId }) => {
    const { [model.entry.id]: _old, ...others } = choices;
    const own: DataChoice = { evaluationId: datasetId, calibrationId, inputs: inputsKey(model.inspect.inputs) };
    const kept = [...Object.entries(others), [model.entry.id, own] as const].slice(-KEPT_CHOICES);
    return { choices: Object.fromEntries(kept) };
  });
}

/**
 * The data that a model begins with: those chosen for it; else those chosen last for a model that takes inputs of the same size;
 * else none: what was added for other inputs would be brought to these without a word.
 */
export function dataFor(
  {
    entry,
    inspect,
  }: { readonly entry: Pick<OpenedModel['entry'], 'id'>; readonly inspect: Pick<OpenedModel['inspect'], 'inputs'> },
  datasets: readonly Pick<DatasetEntry, 'id'>[],
  choices: Readonly<Record<string, DataChoice>>,
): Pick<DataChoice, 'evaluationId' | 'calibrationId'> {
  const there = (id: string | null): boolean => datasets.some((dataset) => dataset.id === id);
  const inputs = inputsKey(inspect.inputs);
  const own = choices[entry.id];
  const found = [...(own === undefined ? [] : [own]), ...Object.values(choices).toReversed()].find(
    (choice) => (choice === own || choice.inputs === inputs) && there(choice.evaluationId),
  );
  if (found !== undefined) return { ...found, calibrationId: there(found.calibrationId) ? found.calibrationId : null };
  // Before anything was chosen by hand, what is there is meant.
  const first = Object.keys(choices).length === 0 ? datasets[0] : undefined;
  return { evaluationId: first?.id ?? null, calibrationId: null };
}

/** Types and values of a sample: "float32 3072". */
function inputsKey(inputs: readonly Pick<ValueRef, 'shape' | 'dtype'>[]): string {
  const values = (shape: ValueRef['shape']): string =>
    (shape ?? []).slice(1).reduce<string>((size, dim) => {
      const product = Number(size) * Number(dim);
      return Number.isFinite(product) ? String(product) : `${size}×${String(dim)}`;
    }, '1');
  return inputs.map(({ dtype, shape }) => `${dtype} ${values(shape)}`).join(', ');
}

/** Turns to the data of the model that is open now. */
export function turnToData(): void {
  const { model, datasets } = useSession.getState();
  if (model === null || datasets.length === 0) return;
  const { evaluationId, calibrationId } = dataFor(model, datasets, useData.getState().choices);
  useSession.setState({ datasetId: evaluationId });
  useData.setState({ calibrationId });
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
