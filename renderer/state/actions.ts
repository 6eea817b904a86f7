import type { ShownModel } from '../../main/contract/shown-model.ts';
import type { ParamsIn } from '../../main/contract/methods.ts';
import type { Trial } from '../../main/contract/studio.ts';
import { desktop } from '../rpc/bridge.ts';
import type { CallOptions } from '../rpc/client.ts';
import { findConnection } from '../rpc/connection.ts';
import { asEngineError } from '../rpc/engine-error.ts';
import { uploadFile } from '../rpc/upload.ts';
import { calibrationDatasetId, chooseEvaluation, turnToData, useData } from './data.ts';
import { engine } from './engine.ts';
import { useLast } from './last.ts';
import { logError, tellError } from './messages.ts';
import { useOverlay } from './overlay.ts';
import { recipeOf } from './recipe-draft.ts';
import { useRecipe } from './recipe.ts';
import { clearResults, putResult } from './queries.ts';
import { clearSelection } from './selection.ts';
import { shownTrialId, useSession, withTrial } from './session.ts';
import { runSettings, useRunSettings } from './settings.ts';

/** Counts what was asked to be opened: of two, the one asked for last is shown, whichever is ready first. */
let asked = 0;

/**
 * Opens a model and its trials; says what went wrong. Returns whether it is open.
 * @param answer the engine's answer where it was asked already
 */
export async function openModel(
  source: ParamsIn<'model.open'>,
  name: string,
  answer?: Promise<ShownModel>,
): Promise<boolean> {
  const mine = ++asked;
  useSession.setState({ opening: name, openError: null });
  try {
    const { model, trials, layers, graph } = await (answer ?? engine().call('model.show', source));
    if (mine !== asked) return false;
    const before = useSession.getState();
    const same = before.model?.entry.id === model.entry.id;
    const shown = same ? before.b : (useLast.getState().shown?.[model.entry.id] ?? null);
    const known = (id: string | null): id is string => id !== null && trials.some((trial) => trial.id === id);
    if (!same) {
      clearResults();
      clearSelection();
      useRunSettings.getState().set({ dims: {} });
    }
    if (layers !== null) putResult('trial.layers', model.baselineTrialId, layers);
    if (graph !== null) putResult('trial.graph', model.baselineTrialId, graph);
    useSession.setState({
      model,
      trials,
      opening: null,
      a: same && known(before.a) ? before.a : model.baselineTrialId,
      b: known(shown) ? shown : null,
    });
    if (!same) turnToData();
    useRecipe.getState().open(model.entry.id);
    useLast.setState({ modelId: model.entry.id });
    desktop()?.addRecent?.(model.entry.path);
    return true;
  } catch (error) {
    if (mine === asked) useSession.setState({ opening: null, openError: asEngineError(error) });
    tellOpenError(error);
    return false;
  }
}

/** Opens a file of this computer: by its path on the desktop, by upload in a browser. */
export async function openFile(file: File): Promise<boolean> {
  const path = desktop()?.pathForFile(file);
  if (path !== undefined && path !== '') return openModel({ path }, file.name);
  useSession.setState({ opening: file.name, openError: null });
  try {
    return await openModel({ upload: await uploadFile(findConnection(), file) }, file.name);
  } catch (error) {
    useSession.setState({ opening: null, openError: asEngineError(error) });
    tellOpenError(error);
    return false;
  }
}

/** The start page shows the error itself; over another model it takes a toast. */
function tellOpenError(error: unknown): void {
  if (useSession.getState().model === null) logError(error);
  else tellError(error);
}

/** Back to the start page; the trials stay in the workspace. */
export function closeModel(): void {
  useSession.setState({ model: null, trials: [], a: null, b: null, openError: null });
  clearResults();
  useRecipe.getState().open(null);
  clearSelection();
  useLast.setState({ modelId: null });
}

export interface ProfileRunOptions extends CallOptions {
  /** Timed runs and runs before them; null: until stable. */
  readonly runs?: number | null;
  readonly warmup?: number | null;
}

/**
 * Profiles a trial with the run settings of the title bar; then the graph is coloured by time. Rejects with EngineError
 * (also CANCELLED): the caller decides what to say.
 */
export async function profileTrial(trialId: string, options: ProfileRunOptions = {}): Promise<void> {
  const { runs = null, warmup = null, ...call } = options;
  const params = { trialId, settings: runSettings(), runs, warmup };
  putResult('trial.profile', trialId, await engine().call('trial.profile.run', params, call));
  useOverlay.getState().setMetric('time');
}

/** Profiles the shown trial; says what went wrong. */
export async function profileShown(): Promise<void> {
  const trialId = shownTrialId(useSession.getState());
  if (trialId !== null) await attempt(() => profileTrial(trialId));
}

export interface TrialRunOptions {
  readonly name?: string | null;
  /** Evaluation samples; null: all. */
  readonly limit?: number | null;
  /** Whether latency is measured too. */
  readonly latency?: boolean;
  readonly signal?: AbortSignal;
  /** Called when the run became a job. */
  readonly onJob?: (jobId: string) => void;
}

/**
 * Applies the recipe being edited to the open model and measures it with the chosen data set; the trial becomes the shown
 * one. Rejects with EngineError (also CANCELLED): the caller decides what to say.
 */
export async function runDraft(options: TrialRunOptions = {}): Promise<Trial | null> {
  const { model, datasetId } = useSession.getState();
  if (model === null) return null;
  const trial = await engine().call(
    'trial.run',
    {
      modelId: model.entry.id,
      recipe: recipeOf(useRecipe.getState().draft),
      name: options.name ?? null,
      calibrationDatasetId: calibrationDatasetId(),
      datasetId,
      split: useData.getState().split,
      limit: options.limit ?? null,
      latency: options.latency ?? true,
      settings: runSettings(),
    },
    { ...signalled(options.signal), ...(options.onJob === undefined ? {} : { onJob: options.onJob }) },
  );
  useSession.setState((state) =>
    state.model?.entry.id === trial.modelId ? { trials: withTrial(state.trials, trial), b: trial.id } : {},
  );
  return trial;
}

/** Evaluates a trial on the chosen data set; the `trial` event brings the result. */
export async function evaluateTrial(trialId: string, limit: number | null = null, signal?: AbortSignal): Promise<void> {
  const { datasetId } = useSession.getState();
  if (datasetId === null) return;
  try {
    await engine().call('trial.evaluate', { trialId, datasetId, limit, settings: runSettings() }, signalled(signal));
  } catch (error) {
    tellError(error);
  }
}

/** Adds a data set and chooses it. Returns whether it was taken. */
export async function addDataset(source: ParamsIn<'dataset.add'>): Promise<boolean> {
  try {
    const entry = await engine().call('dataset.add', source);
    useSession.setState((state) => ({
      datasets: [...state.datasets.filter((other) => other.id !== entry.id), entry],
    }));
    chooseEvaluation(entry.id);
    return true;
  } catch (error) {
    tellError(error);
    return false;
  }
}

/** Gives a trial another name. */
export async function renameTrial(trialId: string, name: string): Promise<void> {
  await attempt(async () => {
    const trial = await engine().call('trial.rename', { trialId, name });
    useSession.setState((state) => ({ trials: withTrial(state.trials, trial) }));
  });
}

/** Deletes a trial with its measurements. */
export async function deleteTrial(trialId: string): Promise<void> {
  await attempt(() => engine().call('trial.delete', { trialId }));
}

async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    tellError(error);
  }
}

function signalled(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
