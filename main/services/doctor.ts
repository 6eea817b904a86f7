import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import type { DoctorReport } from '../contract/doctor.ts';
import type { Params } from '../contract/methods.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { requireModel } from './models.ts';
import type { DatasetSource } from './operations/operation-map.ts';
import { evaluationSplit } from './splits.ts';
import type { StudioContext } from './studio-context.ts';
import { requireOutput } from './trial-state.ts';

/** What makes a trial's model slow, wrong or large here; kept with the trial. */
export function doctorHandlers(context: StudioContext): Pick<Handlers, 'trial.doctor' | 'trial.doctor.run'> {
  const { workspace, jobs } = context;
  return {
    'trial.doctor': ({ trialId }) => workspace.result(trialId, 'doctor'),
    'trial.doctor.run': async (params) => {
      const trial = await workspace.trial(params.trialId);
      const { name } = await requireModel(context, trial.modelId);
      const title = `Examine ${trial.baseline ? name : trial.name}`;
      const description = { kind: 'doctor', title, modelId: trial.modelId, trialId: trial.id } as const;
      return jobs.add(description, (task) => run(context, params, task));
    },
  };
}

async function run(
  context: StudioContext,
  { trialId, datasetId, limit, quick, seconds }: Params<'trial.doctor.run'>,
  task: TaskContext,
): Promise<DoctorReport> {
  const { workspace, work } = context;
  const path = await requireOutput(context, trialId);
  const trial = await workspace.trial(trialId);
  const entry = datasetId === null ? null : await workspace.dataset(datasetId);
  const data = entry === null ? null : { ...datasetSource(entry), split: await evaluationSplit(context, trial, entry) };
  const origin = trial.baseline
    ? null
    : {
        path: (await requireModel(context, trial.modelId)).path,
        recipe: trial.recipe,
        sources: await workspace.result(trialId, 'sources'),
      };
  const doctor = await examined(
    (given) => work.call('doctor', { path, origin, data: given, limit, quick, seconds }, task),
    data,
  );
  await workspace.record(trialId, { results: { doctor }, at: Date.now() });
  return doctor;
}

/** The chosen data may be another model's: then this one is examined on made inputs, and the report says why. */
async function examined(
  examine: (data: DatasetSource | null) => Promise<DoctorReport>,
  data: DatasetSource | null,
): Promise<DoctorReport> {
  try {
    return await examine(data);
  } catch (error) {
    if (data === null || !(error instanceof StudioError && error.code === 'DATA_SHAPE')) throw error;
    const report = await examine(null);
    const fit = { id: 'data', title: 'The chosen data', status: 'skipped', note: error.message } as const;
    return { ...report, checks: [...report.checks, fit] };
  }
}
