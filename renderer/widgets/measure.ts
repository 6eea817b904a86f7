import type { Trial } from '../../main/contract/studio.ts';
import { sameRecipe } from '../../main/judge/recipe/canonical.ts';
import { isCancelled } from '../rpc/engine-error.ts';
import { runDraft } from '../state/actions.ts';
import { hasUnlabelledData } from '../state/data.ts';
import { engine } from '../state/engine.ts';
import { useJobs } from '../state/jobs.ts';
import { recipeOf } from '../state/recipe-draft.ts';
import { useRecipe } from '../state/recipe.ts';
import { useSession } from '../state/session.ts';
import { runSettings } from '../state/settings.ts';
import type { TaskHandle } from '../state/task.ts';

/** Samples of the measurement in the background: enough to see two points of accuracy, quick enough to wait for. */
export const QUICK_SAMPLES = 500;

/**
 * Evaluates the baseline on the chosen data, if that was not done on as many samples and the data have labels: trials
 * stand beside it, so they must not be measured on more. Rejects with EngineError.
 * @param limit samples; null: all
 */
export async function evaluateBaseline(handle: TaskHandle, limit: number | null = QUICK_SAMPLES): Promise<void> {
  const { datasetId, datasets, trials } = useSession.getState();
  const baseline = trials.find((trial) => trial.baseline);
  if (baseline === undefined || datasetId === null) return;
  const all = datasets.find((entry) => entry.id === datasetId)?.samples ?? 0;
  if (samplesOn(baseline, datasetId) >= Math.min(limit ?? all, all)) return;
  if (hasUnlabelledData(useSession.getState())) return;
  const params = { trialId: baseline.id, datasetId, limit, settings: runSettings() };
  await engine().call('trial.evaluate', params, handle);
}

/** How many samples of a data set a trial was evaluated on at most, alone or beside another; −1: on none of it. */
export function samplesOn({ measurements }: Trial, datasetId: string): number {
  const counts = measurements
    .filter(({ recorded, data }) => recorded && data?.datasetId === datasetId)
    .map(({ samples }) => samples);
  return Math.max(-1, ...counts);
}

/** The finished trial of the recipe being edited with its accuracy on the chosen data and its latency, or null. */
export function measuredDraft(): Trial | null {
  const { datasetId, info, trials } = useSession.getState();
  const recipe = recipeOf(useRecipe.getState().draft);
  const meets = (trial: Trial): boolean =>
    trial.status === 'done' &&
    trial.latency !== null &&
    (datasetId === null || samplesOn(trial, datasetId) >= 0) &&
    sameRecipe(trial.recipe, recipe, { vnni: info?.machine.vnni ?? null });
  return trials.find(meets) ?? null;
}

/** Evaluates a trial on all samples of the chosen data; the `trial` event brings the result. Rejects with EngineError. */
export async function measureAccuracy(trialId: string, handle: TaskHandle): Promise<void> {
  await evaluateOn(trialId, null, handle);
}

/** The same on so many samples; null: all. */
export async function evaluateOn(trialId: string, limit: number | null, handle: TaskHandle): Promise<void> {
  const { datasetId } = useSession.getState();
  if (datasetId === null) return;
  await engine().call('trial.evaluate', { trialId, datasetId, limit, settings: runSettings() }, handle);
}

export interface MeasureOptions {
  /** Evaluation samples; null: all. */
  readonly limit: number | null;
}

/**
 * Makes and measures the trial of the recipe being edited; the baseline is measured beside it, on the same samples. A trial that
 * was cancelled before anything was measured is deleted: nobody asked to keep it.
 */
export async function measureDraft(handle: TaskHandle, { limit }: MeasureOptions): Promise<Trial | null> {
  let jobId: string | null = null;
  const known = new Set(useSession.getState().trials.map((trial) => trial.id));
  try {
    return await runDraft({
      limit,
      latency: true,
      signal: handle.signal,
      onJob: (id) => {
        jobId = id;
        handle.onJob(id);
      },
    });
  } catch (error) {
    if (isCancelled(error) && jobId !== null) await dropEmptyTrial(jobId, known);
    throw error;
  }
}

async function dropEmptyTrial(jobId: string, known: ReadonlySet<string>): Promise<void> {
  const trialId = useJobs.getState().jobs.get(jobId)?.trialId ?? null;
  const trial = useSession.getState().trials.find((other) => other.id === trialId);
  if (trial === undefined || known.has(trial.id) || trial.evaluation !== null || trial.latency !== null) return;
  try {
    await engine().call('trial.delete', { trialId: trial.id });
  } catch {
    // Another window runs the same recipe again: then the trial is wanted after all.
  }
}
