import { useMemo } from 'react';
import type { Profile } from '../../main/contract/results.ts';
import type { Trial } from '../../main/contract/studio.ts';
import { CLEAN_DB } from '../../main/judge/format.ts';
import { useLayerFacts } from './layer-facts.ts';
import type { LayerFacts } from './layer-facts.ts';
import { useOverlay } from './overlay.ts';
import { FOLDED, FROZEN } from './overlay-texts.ts';
import type { OverlayData, OverlayMetric } from './overlay.ts';
import { useChannelPlan, useSensitivity, useTrialProfile } from './queries.ts';
import { sensitivityOverlay } from './sensitivity-overlay.ts';
import { useSession, useShownTrial } from './session.ts';
import { useAfterFrame } from './use-after-frame.ts';

interface MetricSpec {
  readonly title: string;
  readonly unit: string;
  readonly lowIsBad: boolean;
  readonly bestAt?: number;
  readonly value: (layer: LayerFacts) => number | string | null;
  readonly note?: (layer: LayerFacts) => string | null;
}

/** Metrics that layers have by themselves. */
type LayerMetric = Exclude<OverlayMetric, 'none' | 'sensitivity'>;

const SPECS: Readonly<Record<LayerMetric, MetricSpec>> = {
  time: { title: 'Time', unit: 'ms', lowIsBad: false, value: (layer) => (layer.folded ? FOLDED : layer.timeMs) },
  memory: { title: 'Memory moved', unit: 'bytes', lowIsBad: false, value: (layer) => layer.bytes },
  macs: { title: 'MACs', unit: 'MACs', lowIsBad: false, value: (layer) => layer.macs },
  sparsity: { title: 'Sparsity', unit: '%', lowIsBad: false, value: (layer) => layer.sparsity },
  kept: {
    title: 'Channels kept',
    unit: '%',
    lowIsBad: true,
    value: (layer) => layer.keptShare ?? (layer.frozen === null ? null : FROZEN),
    note: (layer) => layer.frozen,
  },
  error: { title: 'Error (SQNR)', unit: 'dB', lowIsBad: true, bestAt: CLEAN_DB, value: (layer) => layer.sqnrDb },
  dtype: { title: 'dtype', unit: '', lowIsBad: false, value: (layer) => layer.dtype },
};

const made = new WeakMap<readonly LayerFacts[], Map<string, OverlayData>>();

/** Values by layer for one overlay; layers without a value are left out. Found once for a list of layers. */
export function overlayData(metric: LayerMetric, layers: readonly LayerFacts[], source: string): OverlayData {
  const known = made.get(layers) ?? new Map<string, OverlayData>();
  made.set(layers, known);
  const key = `${metric} ${source}`;
  const data = known.get(key) ?? findOverlayData(metric, layers, source);
  known.set(key, data);
  return data;
}

function findOverlayData(metric: LayerMetric, layers: readonly LayerFacts[], source: string): OverlayData {
  const { title, unit, lowIsBad, bestAt, value, note } = SPECS[metric];
  const notes = new Map<string, string>();
  const values = new Map<string, number | string>();
  for (const layer of layers) {
    const at = value(layer);
    if (at !== null && (typeof at === 'string' || Number.isFinite(at))) values.set(layer.name, at);
    const told = note?.(layer) ?? null;
    if (told !== null) notes.set(layer.name, told);
  }
  const ends = bestAt === undefined ? {} : { bestAt };
  return { metric, title, unit, source, predicted: false, values, lowIsBad, notes, ...ends };
}

/** Where the numbers of an overlay come from, as said to people. */
export function overlaySource(metric: OverlayMetric, trial: Trial | undefined, profile: Profile | null): string {
  const name = trial?.name ?? '';
  switch (metric) {
    case 'time':
      return profile === null
        ? 'press Profile to measure'
        : `${name} on ${profile.machine.provider.toUpperCase()}, ${profile.machine.threads} ${profile.machine.threads === 1 ? 'thread' : 'threads'}, batch ${profile.batch}`;
    case 'error':
      return trial?.hasErrors === true ? `${name} against the baseline` : 'quantize, then measure errors';
    case 'sparsity':
      return (trial?.prune ?? null) === null ? 'prune to see it' : `weights of ${name}`;
    case 'kept':
      return (trial?.prune ?? null) === null ? 'prune channels to see it' : `channels of ${name}`;
    case 'macs':
    case 'memory':
      return 'computed from shapes, batch 1';
    default:
      return name;
  }
}

/**
 * What the graph is coloured by now: a task's live prediction where there is one, else what is known of the shown trial. Values of
 * another metric are looked for after the frame that shows which one was chosen: those of 50,000 layers take a frame of their own.
 */
export function useOverlayData(): OverlayData | null {
  const metric = useAfterFrame(useOverlay((state) => state.metric));
  const live = useOverlay((state) => state.live);
  const layers = useLayerFacts();
  const trial = useShownTrial();
  const profile = useTrialProfile(trial?.id ?? null).data ?? null;
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const groupsOf = metric === 'sensitivity' ? modelId : null;
  const plan = useChannelPlan(groupsOf).data ?? null;
  const table = useSensitivity(groupsOf).data ?? null;
  return useMemo(() => {
    if (live !== null && live.metric === metric) return live;
    if (metric === 'none') return null;
    if (metric === 'sensitivity') return sensitivityOverlay(plan, table);
    return overlayData(metric, layers, overlaySource(metric, trial, profile));
  }, [live, metric, layers, trial, profile, plan, table]);
}
