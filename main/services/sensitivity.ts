import { StudioError } from '../base/errors.ts';
import type { Params } from '../contract/methods.ts';
import type { Sensitivity } from '../contract/sensitivity.ts';
import { datasetSource } from './datasets.ts';
import type { JobContext } from '../jobs/job-queue.ts';
import type { Handlers } from './handlers.ts';
import { requireModel } from './models.ts';
import { partsOf } from './splits.ts';
import type { StudioContext } from './studio-context.ts';
import { baselineIdOf } from './trial-state.ts';

type SensitivityMethods = 'prune.sensitivity' | 'prune.sensitivity.run';

/** How often what was measured is kept and told, while more is measured. */
const TOLD_EVERY_MS = 700;

/** Which groups of channels a model can spare: measured group by group, kept with its baseline. */
export function sensitivityHandlers(context: StudioContext): Pick<Handlers, SensitivityMethods> {
  const { workspace, jobs } = context;
  return {
    'prune.sensitivity': async ({ modelId }) => workspace.result(await baselineIdOf(context, modelId), 'sensitivity'),
    'prune.sensitivity.run': async (params) => {
      const { id, name } = await requireModel(context, params.modelId);
      const description = { kind: 'sensitivity', title: `Sensitivity of ${name}`, modelId: id, trialId: null } as const;
      return jobs.add(description, (task) => measure(context, params, task));
    },
  };
}

async function measure(
  context: StudioContext,
  params: Params<'prune.sensitivity.run'>,
  task: JobContext,
): Promise<Sensitivity> {
  const { workspace, work, emit } = context;
  const { modelId, score, seed, limit } = params;
  const { path } = await requireModel(context, modelId);
  const trialId = await baselineIdOf(context, modelId);
  const calibration = await workspace.dataset(params.calibrationDatasetId);
  const evaluation = params.datasetId === null ? null : await workspace.dataset(params.datasetId);
  const parts = partsOf(calibration, evaluation, params.split);
  const source = { ...datasetSource(calibration), split: parts.calibration };
  const data = { datasetId: calibration.id, name: calibration.name, key: JSON.stringify([parts.calibration, limit]) };
  const before = await workspace.result(trialId, 'sensitivity');
  let table: Sensitivity =
    before !== null && isSame(before, { score, seed, data })
      ? before
      : { score, seed, data, samples: 0, measure: 'divergence', rows: [], groups: 0 };
  let keptAt = Date.now();
  const keep = async (): Promise<void> => {
    keptAt = Date.now();
    await workspace.record(trialId, { results: { sensitivity: table }, at: keptAt });
    emit('sensitivity', { modelId });
  };
  try {
    while (table.rows.length === 0 || table.rows.length < table.groups) {
      // What the user asks for meanwhile goes first: this may take minutes.
      await task.giveWay();
      task.progress({ stage: 'Cutting groups', done: table.rows.length, total: Math.max(1, table.groups) });
      const group = table.rows.length;
      const quiet = { signal: task.signal, progress: () => undefined };
      const found = await work.call('sensitivity', { path, data: source, limit, group, score, seed }, quiet);
      if (found === null) throw new StudioError('UNSUPPORTED', 'No channels of this model can be cut');
      const { row, ...told } = found;
      table = { ...table, ...told, rows: [...table.rows, row] };
      if (Date.now() - keptAt >= TOLD_EVERY_MS) await keep();
    }
    return table;
  } finally {
    // What was measured before a cancel or a failure stays.
    if (table.rows.length > 0) await keep();
  }
}

function isSame(table: Sensitivity, { score, seed, data }: Pick<Sensitivity, 'score' | 'seed' | 'data'>): boolean {
  const drawn = score === 'random' ? table.seed === seed : true;
  return table.score === score && drawn && table.data.datasetId === data.datasetId && table.data.key === data.key;
}
