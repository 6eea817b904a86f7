import type { Trial } from '../contract/studio.ts';
import { renderReport } from '../engine/report/render-report.ts';
import { requireModel } from './models.ts';
import { reportInput } from './report-input.ts';
import type { StudioContext } from './studio-context.ts';

/** The report of a trial of the workspace, as HTML or Markdown. @throws NOT_FOUND */
export async function renderTrialReport(
  context: Pick<StudioContext, 'workspace' | 'ask' | 'version'>,
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
    baseline,
    trials,
    details: await workspace.trialDetails(trialId),
    profile: await workspace.result(trialId, 'profile'),
    baselineProfile: baseline === null ? null : await workspace.result(baseline.id, 'profile'),
    errors: await workspace.result(trialId, 'errors'),
    data: await dataOf(context, trial),
  });
  return renderReport(input, format);
}

/** The data of the latest evaluation; it may have left the workspace since. */
async function dataOf(
  { workspace }: Pick<StudioContext, 'workspace'>,
  trial: Trial,
): Promise<{ name: string; samples: number } | null> {
  const id = trial.measurements.findLast(({ datasetId }) => datasetId !== null)?.datasetId;
  const entry = (await workspace.datasets()).find((dataset) => dataset.id === id);
  if (entry === undefined || trial.evaluation === null) return null;
  return { name: entry.name, samples: trial.evaluation.samples };
}
