/** The pure model of the layers table while channels are pruned. */
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import { channelsAt, type ChannelCut } from '../../../../main/judge/predict/channel-cut.ts';
import { fullTotals } from '../../../../main/judge/predict/widths.ts';

/** What channel pruning makes of one layer. */
export interface ChannelLayer {
  readonly name: string;
  /** Channels that it gives; null: it gives none of a group. */
  readonly before: number | null;
  readonly after: number | null;
  /** after / before. */
  readonly share: number | null;
  /** Multiply–accumulates of the whole layer, and those that are left; null: it has none. */
  readonly wholeMacs: number | null;
  readonly macs: number | null;
  readonly excluded: boolean;
  /** Why none of its channels can go; null: they can, or it has none. */
  readonly frozen: string | null;
}

/** By name: layers with channels of a group, with work, and those that are frozen. @param cut null: everything stays */
export function channelLayers(
  plan: ChannelPlan,
  excluded: ReadonlySet<string>,
  cut: ChannelCut | null,
): ReadonlyMap<string, ChannelLayer> {
  const full = plan.widths.groups.map(({ atoms }) => atoms);
  const kept = cut?.kept ?? full;
  const layers = new Map<string, Writable<ChannelLayer>>();
  const whole = fullTotals(plan.widths).layerMacs;
  const { layerMacs } = cut?.totals ?? { layerMacs: whole };
  plan.widths.layers.forEach(({ name, macs }, at) => {
    if (macs === 0) return;
    // What an inlined function's nodes do is added up for the call.
    const own = layers.get(name) ?? row(name, 0);
    own.wholeMacs = own.wholeMacs! + whole[at]!;
    own.macs = own.macs! + layerMacs[at]!;
    layers.set(name, own);
  });
  for (const layer of plan.layers) {
    const { name } = layer;
    const [before, after] = [channelsAt(layer, full), channelsAt(layer, kept)];
    const own = layers.get(name) ?? row(name, null);
    Object.assign(own, { before, after, share: after / before, excluded: excluded.has(name) });
    layers.set(name, own);
  }
  for (const { name, reason } of plan.frozen) {
    const own = layers.get(name) ?? row(name, null);
    own.frozen = reason;
    layers.set(name, own);
  }
  return layers;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function row(name: string, macs: number | null): Writable<ChannelLayer> {
  return { name, before: null, after: null, share: null, wholeMacs: macs, macs, excluded: false, frozen: null };
}
