import type { WidthMeasure } from '../../../../main/judge/predict/widths.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { useOverlay } from '../../../state/overlay.ts';
import { editKind } from '../../../state/recipe.ts';
import { releaseSlider } from '../store.ts';
import { withWidth } from './model.ts';

/** What a cut can be aimed at. */
export type TargetMeasure = WidthMeasure | 'latency';

/** The target slider moves: the recipe and everything predicted follow in the same frame. @param keep 1: nothing is cut */
export function dragKeep(measure: TargetMeasure, keep: number): void {
  const target = { [measure]: keep } as unknown as ChannelPruning['target'];
  const off = keep >= 1;
  editKind('prune', { structure: 'channel', ...(off ? {} : { target }), off }, 'target');
  showKept();
}

/** Aims at the same share of another measure. */
export function chooseMeasure(measure: TargetMeasure, keep: number, off: boolean): void {
  editKind('prune', { structure: 'channel', target: { [measure]: keep } as unknown as ChannelPruning['target'], off });
  if (!off) releaseSlider();
}

/** A group's own slider moves. @param width null: the group follows the target again */
export function dragWidth(step: ChannelPruning, group: string, width: number | null): void {
  editKind('prune', { structure: 'channel', widths: withWidth(step, group, width), off: false }, `width ${group}`);
  showKept();
}

/** A group gets this width at once, or follows the target again, and the cut is measured. */
export function setWidth(step: ChannelPruning, group: string, width: number | null): void {
  dragWidth(step, group, width);
  releaseSlider();
}

function showKept(): void {
  const { metric, setMetric } = useOverlay.getState();
  if (metric !== 'kept') setMetric('kept');
}
