import type { Kernel } from '../../../../main/contract/results.ts';
import { formatMs } from '../../../../main/judge/format.ts';
import { textOn } from '../../../viz/color-maps.ts';
import type { CanvasFrame } from '../../../widgets/Canvas.tsx';
import { ticks } from '../timeline.ts';
import { CATEGORY_COLORS } from '../../../viz/operator-colors.ts';
import type { Bar, Viewport } from '../timeline.ts';

export const AXIS_HEIGHT = 18;
export const LANE_HEIGHT = 30;

/** Everything that the picture of a run depends on. */
export interface TimelinePicture {
  readonly bars: readonly Bar[];
  readonly kernels: readonly Kernel[];
  readonly view: Viewport;
  /** Kernels of the selected layer, and of the one that is pointed at anywhere. */
  readonly selected: ReadonlySet<number>;
  readonly hovered: ReadonlySet<number>;
  /** The bar that the keyboard stands on, or null. */
  readonly active: number | null;
}

/** Draws the time axis and one bar for each visible kernel; names where they fit. */
export function drawTimeline({ context, width, height, colors }: CanvasFrame, picture: TimelinePicture): void {
  const { bars, kernels, view, selected, hovered, active } = picture;
  const perMs = width / (view.endMs - view.startMs);
  const x = (ms: number): number => (ms - view.startMs) * perMs;
  context.font = '11px "Inter Variable", system-ui, sans-serif';
  context.textBaseline = 'middle';
  for (const ms of ticks(view, width / 90)) {
    const at = Math.round(x(ms)) + 0.5;
    context.strokeStyle = colors.border;
    context.beginPath();
    context.moveTo(at, AXIS_HEIGHT - 4);
    context.lineTo(at, height);
    context.stroke();
    context.fillStyle = colors.muted;
    context.fillText(formatMs(ms), at + 3, AXIS_HEIGHT / 2);
  }
  const dims = selected.size > 0;
  for (const bar of bars) {
    if (bar.endMs < view.startMs || bar.startMs > view.endMs) continue;
    const left = Math.max(x(bar.startMs), -2);
    const right = Math.min(x(bar.endMs), width + 2);
    const barWidth = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
    const top = AXIS_HEIGHT + bar.lane * LANE_HEIGHT + 2;
    const barHeight = LANE_HEIGHT - 4;
    const kernel = kernels[bar.kernel]!;
    const color = CATEGORY_COLORS[kernel.category ?? 'other'];
    context.globalAlpha = dims && !selected.has(bar.kernel) && !hovered.has(bar.kernel) ? 0.55 : 1;
    context.fillStyle = color;
    context.fillRect(left, top, barWidth, barHeight);
    const name = { left, top, barWidth, barHeight, color: textOn(color), ms: bar.endMs - bar.startMs };
    if (barWidth > 34) drawName(context, kernel, name);
    context.globalAlpha = 1;
    if (selected.has(bar.kernel) || hovered.has(bar.kernel) || bar.kernel === active) {
      context.strokeStyle = selected.has(bar.kernel) ? colors.selection : colors.text;
      context.lineWidth = selected.has(bar.kernel) ? 2 : 1;
      context.strokeRect(left - 0.5, top - 0.5, barWidth + 1, barHeight + 1);
      context.lineWidth = 1;
    }
  }
}

interface NameBox {
  readonly left: number;
  readonly top: number;
  readonly barWidth: number;
  readonly barHeight: number;
  readonly color: string;
  readonly ms: number;
}

function drawName(context: CanvasRenderingContext2D, kernel: Kernel, box: NameBox): void {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.barWidth, box.barHeight);
  context.clip();
  context.fillStyle = box.color;
  const two = box.barHeight >= 24 && box.barWidth > 70;
  const left = Math.max(box.left, 0) + 4;
  context.fillText(kernel.op, left, box.top + (two ? box.barHeight * 0.3 : box.barHeight / 2));
  if (two) {
    context.globalAlpha *= 0.85;
    context.fillText(formatMs(box.ms), left, box.top + box.barHeight * 0.74);
  }
  context.restore();
}
