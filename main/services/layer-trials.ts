import { StudioError } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import { LAYER_WAYS, type LayerTrials, type Tried } from '../contract/layer-trials.ts';
import type { Params } from '../contract/methods.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import { requireModel } from './models.ts';
import { partsOf } from './splits.ts';
import type { StudioContext } from './studio-context.ts';
import { baselineIdOf } from './trial-state.ts';

type LayerTrialMethods = 'quantize.layers' | 'quantize.layers.run';

/** How often what was measured is kept and told, while more is measured. */
const TOLD_EVERY_MS = 700;

const RESULTS = { schemes: 'layerSchemes', bits: 'layerBits' } as const satisfies Record<Tried, string>;

/** What each layer costs when it alone is quantized: measured layer by layer, kept with the model's baseline. */
export function layerTrialHandlers(context: StudioContext): Pick<Handlers, LayerTrialMethods> {
  const { workspace, jobs } = context;
  return {
    'quantize.layers': async ({ modelId, tried }) => {
      const kept = await workspace.result(await baselineIdOf(context, modelId), RESULTS[tried]);
      // Of an older version, whose columns were others: measured anew.
      return kept !== null && hasWays(kept) ? kept : null;
    },
    'quantize.layers.run': async (params) => {
      const { id, name } = await requireModel(context, params.modelId);
      const title = `${params.tried === 'bits' ? 'Bits' : 'Schemes'} of each layer of ${name}`;
      return jobs.add({ kind: 'sensitivity', title, modelId: id, trialId: null }, (task) =>
        measure(context, params, task),
      );
    },
  };
}

async function measure(
  context: StudioContext,
  params: Params<'quantize.layers.run'>,
  task: TaskContext,
): Promise<LayerTrials> {
  const { workspace, work, emit } = context;
  const { modelId, tried, limit } = params;
  const { path } = await requireModel(context, modelId);
  const trialId = await baselineIdOf(context, modelId);
  const calibration = await workspace.dataset(params.calibrationDatasetId);
  const evaluation = params.datasetId === null ? null : await workspace.dataset(params.datasetId);
  const parts = partsOf(calibration, evaluation, params.split);
  const source = { ...datasetSource(calibration), split: parts.calibration };
  const data = { datasetId: calibration.id, name: calibration.name, key: JSON.stringify([parts.calibration, limit]) };
  const before = await workspace.result(trialId, RESULTS[tried]);
  let table: LayerTrials =
    before !== null && hasWays(before) && before.rows.length < before.layers && isSame(before, data)
      ? before
      : { tried, ways: waysOf(tried), data, samples: 0, measure: 'divergence', rows: [], layers: 0 };
  let keptAt = Date.now();
  const keep = async (): Promise<void> => {
    keptAt = Date.now();
    await workspace.record(trialId, { results: { [RESULTS[tried]]: table }, at: keptAt });
    emit('quantize.layers', { modelId, tried });
  };
  try {
    while (table.rows.length === 0 || table.rows.length < table.layers) {
      task.progress({ stage: 'Quantizing single layers', done: table.rows.length, total: Math.max(1, table.layers) });
      const layer = table.rows.length;
      const quiet = { signal: task.signal, progress: () => undefined };
      const found = await work.call('layerTrials', { path, data: source, limit, layer, tried }, quiet);
      if (found === null) throw new StudioError('UNSUPPORTED', 'No layer of this model can be quantized');
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

function waysOf(tried: Tried): string[] {
  return LAYER_WAYS[tried].map(({ key }) => key);
}

function hasWays({ tried, ways }: LayerTrials): boolean {
  return ways.join() === waysOf(tried).join();
}

function isSame(table: LayerTrials, { datasetId, key }: LayerTrials['data']): boolean {
  return table.data.datasetId === datasetId && table.data.key === key;
}
