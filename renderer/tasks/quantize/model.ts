/**
 * The pure view model of the Quantize task: which layers int8 can change and why not, what the runtime fused, and what
 * reduce range means on this machine.
 */
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
      reason: layer.quantizable ? (done?.reason ?? null) : layer.reason,
    };
  });
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
export function verdict(row: Pick<QuantizeRow, 'quantized' | 'fused'>): string {
  if (row.quantized === null) return '';
  if (!row.quantized) return 'float';
  if (row.fused === null) return 'int8, unchecked';
  return row.fused ? 'int8, fused' : 'int8, not fused';
}
