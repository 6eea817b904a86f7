/** What can be cut of a model, together with what was measured of it on this machine and on the user's data. Pure. */
import type { ChannelPlan } from '../../contract/channel-plan.ts';
import type { Sensitivity } from '../../contract/sensitivity.ts';
import type { WidthTimes } from '../../contract/width-times.ts';
import type { WidthOption } from './allocate-losses.ts';
import { latencyOf, type LatencyModel } from './width-latency.ts';

export interface MeasuredPlan extends ChannelPlan {
  /** Of each group, what the model loses where this group alone is cut by `obs`: ascending in width, the full one last. */
  readonly losses?: readonly (readonly WidthOption[])[];
  /** How long cuts take here. */
  readonly latency?: LatencyModel;
}

/** Puts together what is known; a table of sensitivity counts where it is by `obs`, and of all groups. */
export function withMeasured(
  plan: ChannelPlan,
  { sensitivity, times }: { readonly sensitivity: Sensitivity | null; readonly times: WidthTimes | null },
): MeasuredPlan {
  const timed = times !== null && times.shapes === plan.shapes ? { latency: latencyOf(times, plan.widths) } : {};
  return { ...withLosses(plan, sensitivity), ...timed };
}

function withLosses(plan: ChannelPlan, table: Sensitivity | null): MeasuredPlan {
  if (table?.score !== 'obs' || table.rows.length === 0) return plan;
  const rows = new Map(table.rows.map((row) => [row.group, row]));
  const found = plan.widths.groups.map(({ name, atoms }) => {
    const row = rows.get(name);
    return row?.scores?.length === atoms ? { scores: row.scores, cells: row.cells, atoms } : null;
  });
  if (!found.every((own) => own !== null)) return plan;
  const groups = plan.groups.map((group, at) => ({
    ...group,
    scores: { ...group.scores, obs: Float64Array.from(found[at]!.scores) },
  }));
  return { ...plan, groups, losses: found.map(({ cells, atoms }) => optionsOf(cells, atoms)) };
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
