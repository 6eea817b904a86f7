import { renderReport } from '../engine/report/render-report.ts';
import { requireModel } from './models.ts';
import { reportInput } from './report-input.ts';
import { reportPoints } from './report-points.ts';
import type { StudioContext } from './studio-context.ts';
import type { TrialStore } from './trial-store.ts';
import { allPairs } from './trial-pairs.ts';

/** The report of a trial, as HTML or Markdown: whatever measured it, of what its store keeps. @throws NOT_FOUND */
export async function renderTrialReport(
  context: Pick<StudioContext, 'ask' | 'version'> & { readonly workspace: TrialStore },
  trialId: string,
  format: 'html' | 'markdown',
): Promise<string> {
  const { workspace, ask, version } = context;
  const trial = await workspace.trial(trialId);
  const model = await requireModel(context, trial.modelId);
  const trials = await workspace.trials(trial.modelId);
  const baseline = trial.baseline ? null : (trials.find((other) => other.baseline) ?? null);
  const inspect = await ask('inspect', { path: model.path, dims: {}, scanWeights: false });
  const input = reportInput({
    version,
    modelName: model.name,
    inspect,
    trial,
    datasets: await workspace.datasets(),
    baseline,
    pairs: baseline === null ? [] : await allPairs(context, baseline, trial),
    points: await reportPoints(context, trials, trial),
    details: await workspace.trialDetails(trialId),
    profile: await workspace.result(trialId, 'profile'),
    baselineProfile: baseline === null ? null : await workspace.result(baseline.id, 'profile'),
    errors: await workspace.result(trialId, 'errors'),
  });
  return renderReport(input, format);
}
