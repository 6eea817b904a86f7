import type { ChannelPlan } from '../../main/contract/channel-plan.ts';
import { KEPT_SHARES, type Sensitivity } from '../../main/contract/sensitivity.ts';
import { formatNumber, formatPercent } from '../../main/judge/format.ts';
import { togetherOf } from './channel-groups.ts';
import { FROZEN } from './overlay-texts.ts';
import type { OverlayData } from './overlay.ts';

/** The kept share at which groups are compared: where most curves have begun to rise, and few have left every scale. */
const SHOWN_SHARE = KEPT_SHARES.indexOf(0.5);

/**
 * What the model loses when the group of channels that a layer gives is cut to half, alone. Of a layer that gives channels of
 * several groups the most sensitive one counts.
 * @param table null: nothing is measured yet
 */
export function sensitivityOverlay(plan: ChannelPlan | null, table: Sensitivity | null): OverlayData {
  const title = 'Loss at half of the channels';
  const bare = { metric: 'sensitivity', title, unit: '', predicted: false, lowIsBad: false } as const;
  if (plan === null || table === null) {
    return { ...bare, source: 'measure the sensitivity of channels in Prune', values: new Map() };
  }
  const values = new Map<string, number | string>();
  const notes = new Map<string, string>();
  const measured = new Map(table.rows.map((row) => [row.group, row]));
  for (const { name, atoms, kind, layers } of plan.widths.groups) {
    const cells = measured.get(name)?.cells;
    const shown = cells?.[SHOWN_SHARE];
    if (cells === undefined || shown === undefined) continue;
    const curve = cells.map(({ loss }, at) => `${lossText(loss)} at ${formatPercent(KEPT_SHARES[at]!)}`).join(', ');
    for (const layer of layers) {
      const before = values.get(layer);
      if (before === NOT_A_NUMBER || (typeof before === 'number' && before >= (shown.loss ?? Infinity))) continue;
      values.set(layer, shown.loss === null ? NOT_A_NUMBER : Math.max(0, shown.loss));
      notes.set(layer, `${shown.kept} of ${atoms} ${kind}s of '${name}'; ${curve}`);
    }
  }
  for (const { name, reason } of plan.frozen) {
    values.set(name, FROZEN);
    notes.set(name, reason);
  }
  const unit = table.measure === 'divergence' ? 'KL divergence, nats' : 'squared error over the output’s square';
  const part = table.rows.length < table.groups ? `, ${table.rows.length} of ${table.groups} groups` : '';
  const source = `${unit}; each group cut alone by ${table.score}, ${table.samples} samples of ${table.data.name}${part}`;
  return { ...bare, source, values, notes, together: togetherOf(plan) };
}

/** Written on layers without which the outputs held NaN. */
const NOT_A_NUMBER = 'NaN';

function lossText(loss: number | null): string {
  return loss === null ? NOT_A_NUMBER : formatNumber(Math.max(0, loss), 2);
}
