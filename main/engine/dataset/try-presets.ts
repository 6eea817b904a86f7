import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { PresetTrials } from '../../contract/preset-trials.ts';
import { PRESETS, type PresetId } from '../../contract/preprocessing-presets.ts';
import type { Dataset } from './dataset.ts';
import { evaluateModel, type EvaluateRequest } from './evaluate.ts';
import { drawIndices } from './split.ts';

/** Accuracy of a model under every way to prepare its images. */
export interface PresetRequest extends Pick<EvaluateRequest, 'model' | 'runner' | 'settings' | 'dims'> {
  /** The data, prepared as a preset says. */
  readonly open: (preset: PresetId) => Promise<Dataset>;
  /** Samples for each preset. */
  readonly limit: number;
}

/**
 * Tries every preset on the same labelled samples. A preset that does not fit the model or the data is told so among the result.
 * @throws DATA_LABELS_MISSING; CANCELLED; RUNTIME_DIED
 */
export async function tryPresets(
  { open, limit, ...request }: PresetRequest,
  { signal, progress }: TaskContext,
): Promise<Omit<PresetTrials, 'guess'>> {
  const rows: PresetTrials['rows'] = [];
  let samples = 0;
  for (const [at, preset] of PRESETS.entries()) {
    progress({ stage: 'Trying presets', done: at, total: PRESETS.length });
    const dataset = await open(preset);
    const indices = drawIndices(dataset, limit);
    samples = indices.length;
    try {
      const quiet = { signal, progress: () => undefined };
      const { metrics } = await evaluateModel({ ...request, dataset, indices }, quiet);
      rows.push({ preset, top1: metrics['top1'] ?? null, problem: null });
    } catch (error) {
      if (!(error instanceof StudioError) || ['CANCELLED', 'RUNTIME_DIED', 'DATA_LABELS_MISSING'].includes(error.code))
        throw error;
      rows.push({ preset, top1: null, problem: error.message });
    }
  }
  return { samples, rows, ...rank(rows) };
}

/** The most accurate (of equals the first), and those that the samples do not tell from it. */
function rank(rows: PresetTrials['rows']): Pick<PresetTrials, 'best' | 'rivals'> {
  const tried = rows.flatMap(({ preset, top1 }) => (top1 === null ? [] : [{ preset, ...top1 }]));
  const [first, ...others] = tried.toSorted((a, b) => b.value - a.value);
  if (first === undefined) return { best: null, rivals: [] };
  return { best: first.preset, rivals: others.filter(({ high }) => high >= first.low).map(({ preset }) => preset) };
}
