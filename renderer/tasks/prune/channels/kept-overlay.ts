import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { atomsKept, channelsAt, type ChannelCut } from '../../../../main/judge/predict/channel-cut.ts';
import { togetherOf } from '../../../state/channel-groups.ts';
import { FROZEN } from '../../../state/overlay-texts.ts';
import type { OverlayData } from '../../../state/overlay.ts';

/**
 * Share of the channels that each layer keeps, which of them, and the reason where none can go.
 * @param measured name of the trial that this cut was made in; null: it is predicted
 */
export function keptOverlay(
  plan: ChannelPlan,
  step: ChannelPruning,
  cut: ChannelCut,
  measured: string | null,
): OverlayData {
  const values = new Map<string, number | string>();
  const notes = new Map<string, string>();
  const strips = new Map<string, Uint8Array>();
  const full = plan.widths.groups.map(({ atoms }) => atoms);
  const masks = full.map((_, group) => atomsKept(plan, step.score, group, cut.kept[group]!));
  for (const layer of plan.layers) {
    values.set(layer.name, channelsAt(layer, cut.kept) / channelsAt(layer, full));
    const strip = stripOf(layer, masks);
    if (strip !== null) strips.set(layer.name, strip);
  }
  for (const name of step.exclude) if (values.has(name)) notes.set(name, 'The recipe leaves its channels alone.');
  for (const { name, reason } of plan.frozen) {
    values.set(name, FROZEN);
    notes.set(name, reason);
  }
  return {
    metric: 'kept',
    title: 'Channels kept',
    unit: '%',
    source: measured === null ? 'predicted from the recipe’s widths' : `channels of ${measured}`,
    predicted: measured === null,
    values,
    lowIsBad: true,
    notes,
    strips,
    together: togetherOf(plan),
  };
}

/** The channels of a layer, group by group, each in the order of its atoms; null where it is not known which go. */
function stripOf(
  { channels }: ChannelPlan['layers'][number],
  masks: readonly (Uint8Array | null)[],
): Uint8Array | null {
  const own = channels.parts.map(({ group }) => masks[group]!);
  if (!own.every((mask) => mask !== null)) return null;
  if (own.length === 1 && channels.fixed === 0) return own[0]!;
  const strip = new Uint8Array(own.reduce((count, { length }) => count + length, channels.fixed)).fill(1);
  let at = channels.fixed;
  for (const mask of own) {
    strip.set(mask, at);
    at += mask.length;
  }
  return strip;
}
