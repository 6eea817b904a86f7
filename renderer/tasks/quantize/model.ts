/**
 * The pure view model of the Quantize task: which layers int8 can change and why not, what the runtime fused, and what
 * reduce range means on this machine.
 */
import type { QuantizeStep } from '../../../main/contract/recipe/quantize.ts';
import type { ReduceRange } from '../../../main/contract/recipe/quantize-static.ts';
import type { QuantizeResult } from '../../../main/contract/results.ts';
import type { QuantizePlan } from '../../../main/contract/studio.ts';

/** One row of the layers table of the Quantize task. */
export interface QuantizeRow {
  readonly name: string;
  readonly op: string;
  /** Whether int8 can be applied at all. */
  readonly quantizable: boolean;
  /** Taken out by the user. */
  readonly excluded: boolean;
  /** Of the shown trial: quantized, and fused into an integer kernel; null where there is no trial or it was not checked. */
  readonly quantized: boolean | null;
  readonly fused: boolean | null;
  /** What it became in that trial: "int8", "2-bit weights"; '' where there is no trial. */
  readonly codes: string;
  /** Why it cannot be quantized, or was not, or did not fuse. */
  readonly reason: string | null;
}

/** Rows of the plan joined with the result of a trial, in the model's order. */
export function quantizeRows(
  plan: QuantizePlan,
  exclude: ReadonlySet<string>,
  result: QuantizeResult | null,
): QuantizeRow[] {
  const results = new Map(result?.layers.map((layer) => [layer.name, layer]));
  return plan.layers.map((layer) => {
    const done = results.get(layer.name);
    return {
      name: layer.name,
      op: layer.op,
      quantizable: layer.quantizable,
      excluded: exclude.has(layer.name),
      quantized: done?.quantized ?? null,
      fused: done?.fused ?? null,
      codes: codesOf(result, done),
      // The trial may be of another scheme than int8, which reaches other layers.
      reason: done === undefined ? layer.reason : done.reason,
    };
  });
}

function codesOf(result: QuantizeResult | null, layer: QuantizeResult['layers'][number] | undefined): string {
  if (result === null || layer === undefined) return '';
  if (layer.weights !== undefined) return `${layer.weights.bits}-bit weights`;
  return result.scheme.replace(/-(?:static|dynamic)$/u, '');
}

/** Counts for the summary line above the table. */
export interface QuantizeCounts {
  readonly quantizable: number;
  /** Quantizable and not excluded: what the next run will quantize. */
  readonly chosen: number;
}

/** Counts the rows; see {@link QuantizeCounts}. */
export function countRows(rows: readonly QuantizeRow[]): QuantizeCounts {
  const quantizable = rows.filter((row) => row.quantizable);
  return {
    quantizable: quantizable.length,
    chosen: quantizable.filter((r) => !r.excluded).length,
  };
}

/** What the reduce-range setting comes down to on this machine, in one or two sentences. */
export function explainReduceRange(setting: ReduceRange, vnni: boolean | null): string {
  const machine =
    vnni === true
      ? 'This CPU has VNNI, so 8-bit weights are exact.'
      : vnni === false
        ? 'This CPU lacks VNNI: its int8 kernels add pairs of products in 16 bits, and 8-bit weights can overflow there.'
        : 'Whether this CPU has VNNI cannot be told.';
  if (setting === 'auto') {
    if (vnni === true) return `${machine} Auto leaves the full range.`;
    return `${machine} Auto keeps weights in 7 bits, which cannot overflow.`;
  }
  if (setting) return `${machine} Weights are kept in 7 bits: exact everywhere, one bit coarser.`;
  if (vnni === true) return `${machine} Weights use all 8 bits.`;
  return `${machine} With the full range, accuracy can fall a lot here, and differ on other machines.`;
}

/** What became of a layer in the trial, in a word or two; '' without a trial. */
export function verdict({ quantized, fused, codes }: Pick<QuantizeRow, 'quantized' | 'fused' | 'codes'>): string {
  if (quantized === null) return '';
  if (!quantized) return 'float';
  if (fused === null) return `${codes}, unchecked`;
  return fused ? `${codes}, fused` : `${codes}, not fused`;
}

/** How far the step of the recipe reaches, in a sentence; null: not known before a trial. */
export function reachWords(rows: readonly QuantizeRow[], step: QuantizeStep): string | null {
  // The plan is that of static quantization.
  if ('calibrator' in step) {
    const { chosen, quantizable } = countRows(rows);
    return `${chosen} of ${quantizable} quantizable layers chosen.`;
  }
  const reached = rows.filter(({ quantized }) => quantized === true).length;
  return rows.every(({ quantized }) => quantized === null)
    ? null
    : `${reached} ${reached === 1 ? 'layer' : 'layers'} changed in the trial.`;
}
