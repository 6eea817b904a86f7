/**
 * Predicts how far a quantized model's outputs are from the float model's, from what single layers lost alone: their noise powers
 * add up as long as errors are small and do not hang together. What measured trials show otherwise corrects it. Pure.
 * @see Sheng et al. 2018, Zhou et al. 2018 (adaptive quantization) for noise powers of layers that add up at the output
 */
import type { LayerTrialRow, LayerTrials } from '../../contract/layer-trials.ts';
import { lastStepOf } from '../../contract/recipe/kinds.ts';
import type { QuantizeStep } from '../../contract/recipe/quantize.ts';
import { resolveReduceRange, type LayerPrecision, type StaticStep } from '../../contract/recipe/quantize-static.ts';
import type { Recipe } from '../../contract/recipe/recipe.ts';
import type { Trial } from '../../contract/studio.ts';
import { measurementUnder, mostShared } from '../circumstances.ts';
import { median } from '../statistics/median.ts';

/** What the prediction looks at. */
export interface NoiseInputs {
  /** Each layer alone under every scheme, and with few bits; null: not measured. */
  readonly schemes: LayerTrials | null;
  readonly bits: LayerTrials | null;
  readonly vnni: boolean | null;
  readonly trials: readonly Trial[];
}

/** Signal to noise of the outputs to be expected, dB. */
export interface NoisePrediction {
  readonly sqnrDb: number;
  /** Measured trials that corrected it; 0: layers alone. */
  readonly corrected: number;
}

/** Why nothing is predicted. */
export type NoNoise = 'measure' | 'unknown';

/**
 * The outputs' signal to noise after a recipe. O(layers + trials · layers).
 * @returns 'measure': single layers were not measured (to the end); 'unknown': it does more than quantize, or in a way that was not tried on
 *   single layers
 */
export function predictNoise(recipe: Recipe, inputs: NoiseInputs): NoisePrediction | NoNoise {
  const raw = rawNoise(recipe, inputs);
  if (typeof raw !== 'number') return raw;
  const shifts = shiftsOf(recipe, inputs);
  const shift = shifts.length === 0 ? 0 : median(shifts);
  return { sqnrDb: raw + shift, corrected: shifts.length };
}

/** How far predictions were off so far, in dB; null: none was tested. Each trial is predicted from those before it. */
export function pastNoiseError(inputs: NoiseInputs): { readonly trials: number; readonly meanDb: number } | null {
  const off = measuredTrials(inputs).flatMap(({ trial, sqnrDb }) => {
    const before = inputs.trials.filter(({ createdAt }) => createdAt < trial.createdAt);
    const told = predictNoise(trial.recipe, { ...inputs, trials: before });
    return typeof told === 'string' ? [] : [Math.abs(told.sqnrDb - sqnrDb)];
  });
  return off.length === 0
    ? null
    : { trials: off.length, meanDb: off.reduce((sum, each) => sum + each, 0) / off.length };
}

/** What the layers' noise powers come to by themselves, dB. */
function rawNoise(recipe: Recipe, inputs: NoiseInputs): number | NoNoise {
  const active = recipe.steps.filter((step) => step.off !== true);
  const step = lastStepOf(recipe, 'quantize');
  if (step === undefined || active.length > 1) return 'unknown';
  const columns = columnsOf(step, inputs);
  if (columns === null) return 'unknown';
  const { schemes, bits } = inputs;
  const tables = { schemes, bits };
  let power = 0;
  for (const [name, table] of Object.entries(tables) as [keyof typeof tables, LayerTrials | null][]) {
    if (!columns.some((column) => column.table === name)) continue;
    if (table === null || table.layers === 0 || table.rows.length < table.layers) return 'measure';
    for (const row of table.rows) {
      for (const column of columns) {
        if (column.table !== name) continue;
        const key = column.keyOf(row);
        if (key === null) continue;
        const cell = cellOf(table, row, key);
        // A layer that has nothing which this way would change adds nothing.
        if (cell === null) continue;
        if (cell === undefined || cell.sqnrDb === null) return 'unknown';
        power += 10 ** (-cell.sqnrDb / 10);
      }
    }
  }
  return power > 0 ? -10 * Math.log10(power) : 'unknown';
}

/**
 * What the outputs are expected to lose with all layers in one way, dB: the noise powers of the layers alone, added up.
 * @returns one for each way; null where a layer's outputs were no numbers, or no layer has anything that it would change
 */
export function noiseTogether({ ways, rows }: Pick<LayerTrials, 'ways' | 'rows'>): readonly (number | null)[] {
  return ways.map((_, at) => {
    const cells = rows.flatMap((row) => row.cells[at] ?? []);
    const power = cells.reduce((sum, { sqnrDb }) => sum + (sqnrDb === null ? Infinity : 10 ** (-sqnrDb / 10)), 0);
    return power > 0 && Number.isFinite(power) ? -10 * Math.log10(power) : null;
  });
}

function cellOf({ ways }: LayerTrials, row: LayerTrialRow, key: string): LayerTrialRow['cells'][number] | undefined {
  const at = ways.indexOf(key);
  return at < 0 ? undefined : row.cells[at];
}

/** Columns of the tables whose noise adds up. */
interface Column {
  readonly table: 'schemes' | 'bits';
  /** null: the layer computes as the float model there. */
  readonly keyOf: (row: LayerTrialRow) => string | null;
}

function columnsOf(step: QuantizeStep, { vnni }: NoiseInputs): readonly Column[] | null {
  const left = new Set(step.scheme === 'kv-cache' ? [] : step.exclude);
  const all = (key: string): readonly Column[] => [
    { table: 'schemes', keyOf: ({ layer }) => (left.has(layer) ? null : key) },
  ];
  if (!('calibrator' in step)) return step.scheme === 'kv-cache' ? null : all(step.scheme);
  // Scales for whole tensors were not tried.
  if (!step.perChannel) return null;
  const slow = new Set(step.scheme === 'int8-static' ? step.slow : []);
  const precisionOf = ({ layer }: LayerTrialRow): LayerPrecision =>
    left.has(layer) || slow.has(layer)
      ? 'float'
      : (step.layers[layer] ?? (step.scheme === 'int16-static' ? 'int16' : 'int8'));
  const own = (row: LayerTrialRow): boolean => step.layers[row.layer] === undefined;
  const keys = keysOf(step, vnni);
  if (step.weightBits === 8) {
    return [{ table: 'schemes', keyOf: (row) => keys[precisionOf(row)] }];
  }
  // Which layers are the ends no table says.
  if (step.ends === 'int8') return null;
  const coarse = (row: LayerTrialRow): boolean => own(row) && precisionOf(row) !== 'float';
  return [
    { table: 'schemes', keyOf: (row) => keys[precisionOf(row)] },
    { table: 'bits', keyOf: (row) => (coarse(row) ? `w${step.weightBits}` : null) },
  ];
}

function keysOf(step: StaticStep, vnni: boolean | null): Readonly<Record<LayerPrecision, string | null>> {
  const calibrator = step.calibrator === 'logits' ? 'mse' : step.calibrator;
  const reduced = step.scheme === 'int8-static' && resolveReduceRange(step, vnni);
  return {
    float: null,
    int8: reduced ? 'int8-7bit/minmax' : `int8/${calibrator}`,
    'int8-7bit': 'int8-7bit/minmax',
    int16: 'int16/minmax',
  };
}

interface MeasuredNoise {
  readonly trial: Trial;
  readonly sqnrDb: number;
}

/** Trials of which a noise was measured on the data that most share. */
function measuredTrials({ trials }: NoiseInputs): readonly MeasuredNoise[] {
  const key = mostShared(trials, 'sqnr')?.key;
  if (key === undefined) return [];
  return trials.flatMap((trial) => {
    if (trial.baseline || trial.status !== 'done') return [];
    const found = measurementUnder(trial.measurements, 'sqnr', key);
    return found === undefined || !Number.isFinite(found.value) ? [] : [{ trial, sqnrDb: found.value }];
  });
}

/** Measured less predicted by layers alone, dB: of trials that are refined alike where there are such, else of all. */
function shiftsOf(recipe: Recipe, inputs: NoiseInputs): readonly number[] {
  const found = measuredTrials(inputs).flatMap(({ trial, sqnrDb }) => {
    const raw = rawNoise(trial.recipe, inputs);
    return typeof raw === 'number' ? [{ manner: mannerOf(trial.recipe), shift: sqnrDb - raw }] : [];
  });
  const alike = found.filter(({ manner }) => manner === mannerOf(recipe));
  return (alike.length > 0 ? alike : found).map(({ shift }) => shift);
}

/** What of a step no single layer was tried with. */
function mannerOf(recipe: Recipe): string {
  const step = lastStepOf(recipe, 'quantize');
  if (step === undefined || !('rounding' in step)) return step?.scheme ?? '';
  const { scheme, rounding, biasCorrection, splitInputs, symmetric, weightBits, ends } = step;
  return JSON.stringify([scheme, rounding, biasCorrection, splitInputs, symmetric, weightBits, ends]);
}
