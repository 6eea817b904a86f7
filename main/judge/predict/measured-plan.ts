/** What can be cut of a model, together with what was measured of it on this machine and on the user's data. Pure. */
import type { ChannelPlan } from '../../contract/channel-plan.ts';
import type { Sensitivity } from '../../contract/sensitivity.ts';
import type { WidthTimes } from '../../contract/width-times.ts';
import type { WidthOption } from './allocate-losses.ts';
import { latencyOf, type LatencyModel } from './width-latency.ts';

export interface MeasuredPlan extends ChannelPlan {
  /** What single groups lose, where all of them were cut alone. */
  readonly curves?: GroupCurves;
  /** How long cuts take here. */
  readonly latency?: LatencyModel;
}

export interface GroupCurves {
  /** By which the atoms went. */
  readonly score: Sensitivity['score'];
  readonly measure: Sensitivity['measure'];
  /** Of each group, what the model loses where this group alone is cut: ascending in width, the full one last. */
  readonly losses: readonly (readonly WidthOption[])[];
}

/** Puts together what is known; a table of sensitivity counts where it is of all groups. */
export function withMeasured(
  plan: ChannelPlan,
  { sensitivity, times }: { readonly sensitivity: Sensitivity | null; readonly times: WidthTimes | null },
): MeasuredPlan {
  const timed = times !== null && times.shapes === plan.shapes ? { latency: latencyOf(times, plan.widths) } : {};
  return { ...withLosses(plan, sensitivity), ...timed };
}

function withLosses(plan: ChannelPlan, table: Sensitivity | null): MeasuredPlan {
  if (table === null) return plan;
  const rows = new Map(table.rows.map((row) => [row.group, row]));
  const found = plan.widths.groups.map(({ name }) => rows.get(name));
  if (found.length === 0 || !found.every((row) => row !== undefined)) return plan;
  const { score, measure } = table;
  const losses = found.map(({ cells }, at) => optionsOf(cells, plan.widths.groups[at]!.atoms));
  return { ...withScores(plan, found), curves: { score, measure, losses } };
}

/** What only data tell of atoms. */
function withScores(plan: ChannelPlan, rows: readonly Sensitivity['rows'][number][]): ChannelPlan {
  const whole = rows.every(({ scores }, at) => scores?.length === plan.widths.groups[at]!.atoms);
  if (!whole) return plan;
  const groups = plan.groups.map((group, at) => ({
    ...group,
    scores: { ...group.scores, obs: Float64Array.from(rows[at]!.scores!) },
  }));
  return { ...plan, groups };
}

function optionsOf(cells: Sensitivity['rows'][number]['cells'], atoms: number): readonly WidthOption[] {
  // Rounding makes tiny divergences negative; NaN of the outputs is worse than anything.
  const byWidth = new Map(cells.map(({ kept, loss }) => [kept, loss === null ? Infinity : Math.max(0, loss)]));
  byWidth.set(atoms, 0);
  return [...byWidth].map(([width, loss]) => ({ width, loss })).sort((a, b) => a.width - b.width);
}

/**
 * The loss at a width between those that were measured, on the line between its neighbours; narrower than all of them, on
 * the line through the two narrowest.
 * @param measured ascending in width, at least one
 */
export function lossAt(measured: readonly WidthOption[], width: number): number {
  const above = measured.findIndex((option) => option.width >= width);
  const last = measured.length - 1;
  const [from, to] = above < 0 ? [last, last] : above === 0 ? [0, Math.min(1, last)] : [above - 1, above];
  const [a, b] = [measured[from]!, measured[to]!];
  if (b.width === width || a.width === b.width) return b.loss;
  if (!Number.isFinite(a.loss)) return Infinity;
  return Math.max(0, a.loss + ((b.loss - a.loss) * (width - a.width)) / (b.width - a.width));
}
