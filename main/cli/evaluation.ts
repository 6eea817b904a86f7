import { resolve } from 'node:path';
import type { DatasetSource, EvaluatedModel } from '../services/operations/operation-map.ts';
import {
  optionalData,
  runSettings,
  splitSettings,
  type DataOptions,
  type RunOptions,
  type SplitOptions,
} from './options.ts';
import type { CommandContext } from './run-command.ts';

/** Options of the commands that evaluate. */
export interface EvaluationOptions extends RunOptions, DataOptions, SplitOptions {
  readonly limit?: number;
}

/** What `--calibration-data` is to the commands that evaluate. */
export const CALIBRATION_DATA_HELP =
  'the data that calibrated the model: shared samples are told, and the same set is cut in two';

/**
 * The data to evaluate on, or null without `--data`. Cut in two where the options say so, or where the same set calibrated
 * the model: then its evaluation part.
 * @throws USAGE, see `splitSettings`
 */
export function evaluationData(options: EvaluationOptions): DatasetSource | null {
  const data = optionalData(options);
  const { calibrationData } = options;
  const same = data !== null && calibrationData !== undefined && resolve(calibrationData) === resolve(data.path);
  const cut = splitSettings(options, same);
  return data === null || cut === null ? data : { ...data, split: { part: 'evaluation', ...cut } };
}

/**
 * The data that calibrated the model, where the options name it and data to evaluate on: prepared as those are; of the same
 * set the other part, another set whole.
 */
export function calibrationOf(options: EvaluationOptions): DatasetSource | null {
  const data = evaluationData(options);
  const { calibrationData } = options;
  if (data === null || calibrationData === undefined) return null;
  const whole = { ...data, path: calibrationData, labelsPath: null };
  const { split: evaluated, ...all } = whole;
  const isSame = resolve(calibrationData) === resolve(data.path);
  return isSame && evaluated !== undefined ? { ...all, split: { ...evaluated, part: 'calibration' } } : all;
}

/** Evaluates a model, and tells how many samples also calibrated it, where the options name what did. */
export async function evaluateModelOn(
  { operate }: CommandContext,
  { path, data, reference }: { readonly path: string; readonly data: DatasetSource; readonly reference: string | null },
  options: EvaluationOptions,
): Promise<EvaluatedModel> {
  const settings = runSettings(options);
  const evaluated = await operate('evaluate', { path, data, settings, limit: options.limit ?? null, reference });
  const { calibrationData } = options;
  // The other part of the same set shares nothing.
  if (calibrationData === undefined || data.split !== undefined) return evaluated;
  const calibration = { ...data, path: calibrationData, labelsPath: null };
  const { shared } = await operate('overlap', { calibration, calibrationLimit: null, evaluation: data });
  if (shared === 0) return evaluated;
  const note = `${shared} samples of the calibration data are among those evaluated on: the accuracy may look better than it is.`;
  return { ...evaluated, evaluation: { ...evaluated.evaluation, notes: [...evaluated.evaluation.notes, note] } };
}
