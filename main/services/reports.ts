import type { Trial } from '../contract/studio.ts';
import { renderReport } from '../engine/report/render-report.ts';
import { requireModel } from './models.ts';
import { reportInput } from './report-input.ts';
import type { StudioContext } from './studio.ts';

/** The report of a trial of the workspace, as HTML or Markdown. @throws NOT_FOUND */
export async function renderTrialReport(
  context: Pick<StudioContext, 'workspace' | 'ask' | 'version'>,
  trialId: string,
  format: 'html' | 'markdown',
): Promise<string> {
  const { workspace, ask, version } = context;
  const trial = workspace.trial(trialId);
  const model = requireModel(context, trial.modelId);
  const trials = workspace.trials(trial.modelId);
  const baseline = trial.baseline ? null : (trials.find((other) => other.baseline) ?? null);
  const inspect = await ask('inspect', { path: model.path, dims: {}, scanWeights: false });
  const input = reportInput({
    version,
    modelName: model.name,
    inspect,
    trial,
    baseline,
    trials,
    profile: workspace.result(trialId, 'profile'),
    baselineProfile: baseline === null ? null : workspace.result(baseline.id, 'profile'),
    errors: workspace.result(trialId, 'errors'),
    data: dataOf(context, trial),
  });
  return renderReport(input, format);
}

/** The data of the latest evaluation; it may have left the workspace since. */
function dataOf(
  { workspace }: Pick<StudioContext, 'workspace'>,
  trial: Trial,
): { name: string; samples: number } | null {
  const id = trial.measurements.findLast(({ datasetId }) => datasetId !== null)?.datasetId;
  const entry = workspace.datasets().find((dataset) => dataset.id === id);
  if (entry === undefined || trial.evaluation === null) return null;
  return { name: entry.name, samples: trial.evaluation.samples };
}
