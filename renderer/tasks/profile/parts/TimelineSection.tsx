import { useCallback, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { Select, Text } from '@mantine/core';
import type { Kernel, Profile } from '../../../../main/contract/results.ts';
import { formatMs } from '../../../../main/judge/format.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { Canvas } from '../../../widgets/Canvas.tsx';
import { kernelsByLayer, layerOfKernel } from '../model.ts';
import classes from '../ProfileView.module.css';
import { barAt, focusOn, fullSpan, layOutBars, pan, zoom } from '../timeline.ts';
import type { Bar, Viewport } from '../timeline.ts';
import { useShownRun } from '../use-shown-run.ts';
import { AXIS_HEIGHT, LANE_HEIGHT, drawTimeline } from './draw-timeline.ts';

const NONE: ReadonlySet<number> = new Set();

/** One run of the model over time: kernels as bars; W/S zoom, A/D pan, F focus, arrows step, a click picks the layer. */
export function TimelineSection({ profile }: { readonly profile: Profile }): ReactNode {
  const { kernels } = profile;
  const { choices, chosen, spans, choose, step: stepRun } = useShownRun(profile);
  const bars = useMemo(() => layOutBars(spans), [spans]);
  const full = useMemo(() => fullSpan(bars), [bars]);
  const durations = useMemo(() => new Map(bars.map((bar) => [bar.kernel, bar])), [bars]);
  const byLayer = useMemo(() => kernelsByLayer(profile), [profile]);
  // A zoom belongs to the profile it was made in: another profile is shown whole.
  const [zoomed, setZoomed] = useState<{ readonly of: Viewport; readonly view: Viewport } | null>(null);
  const view = zoomed?.of === full ? zoomed.view : full;
  const setView = useCallback(
    (change: (old: Viewport) => Viewport) =>
      setZoomed((old) => ({ of: full, view: change(old?.of === full ? old.view : full) })),
    [full],
  );
  const [active, setActive] = useState<number | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const width = useRef(1);
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);

  const lanes = bars.reduce((count, bar) => Math.max(count, bar.lane + 1), 1);
  const selected = useMemo(() => setOf(byLayer, layer), [byLayer, layer]);
  const hovered = useMemo(() => setOf(byLayer, hover), [byLayer, hover]);
  const draw = useCallback(
    (frame: Parameters<typeof drawTimeline>[0]) =>
      drawTimeline(frame, { bars, kernels, view, selected, hovered, active }),
    [bars, kernels, view, selected, hovered, active],
  );

  const msAt = (offsetX: number): number => view.startMs + (offsetX / width.current) * (view.endMs - view.startMs);
  const find = (event: MouseEvent): Bar | null => {
    const { offsetX, offsetY } = event.nativeEvent;
    return barAt(bars, {
      ms: msAt(offsetX),
      lane: Math.floor((offsetY - AXIS_HEIGHT) / LANE_HEIGHT),
      slackMs: (4 / width.current) * (view.endMs - view.startMs),
    });
  };
  const pick = (bar: Bar): void => {
    setActive(bar.kernel);
    const source = layerOfKernel(kernels[bar.kernel]!);
    if (source !== null) selectLayer(source, 'chart');
  };
  const onMove = (event: MouseEvent): void => {
    const bar = find(event);
    setPointed(bar?.kernel ?? null);
    useSelection.getState().setHover(bar === null ? null : layerOfKernel(kernels[bar.kernel]!));
  };
  const onWheelDelta = useCallback(
    (event: WheelEvent): boolean => {
      if (event.ctrlKey) {
        const share = event.offsetX / width.current;
        setView((old) =>
          zoom(old, full, {
            factor: Math.exp(-event.deltaY / 200),
            atMs: old.startMs + share * (old.endMs - old.startMs),
          }),
        );
        return true;
      }
      if (event.deltaX === 0) return false;
      setView((old) => pan(old, full, event.deltaX / width.current));
      return true;
    },
    [full, setView],
  );
  const step = (by: number): void => {
    const at = bars.findIndex((bar) => bar.kernel === active);
    const bar = bars[Math.min(Math.max(at + by, 0), bars.length - 1)];
    if (bar === undefined) return;
    pick(bar);
    if (bar.startMs < view.startMs || bar.endMs > view.endMs)
      setView(() => pan(view, full, (bar.startMs - view.startMs) / (view.endMs - view.startMs) - 0.3));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const centre = (view.startMs + view.endMs) / 2;
    const actions: Readonly<Record<string, () => void>> = {
      w: () => setView(() => zoom(view, full, { factor: 1.5, atMs: centre })),
      s: () => setView(() => zoom(view, full, { factor: 1 / 1.5, atMs: centre })),
      a: () => setView(() => pan(view, full, -0.2)),
      d: () => setView(() => pan(view, full, 0.2)),
      f: () => {
        const bar = bars.find((b) => selected.has(b.kernel)) ?? bars.find((b) => b.kernel === active);
        setView(() => (bar === undefined ? full : focusOn(bar, full)));
      },
      0: () => setView(() => full),
      ',': () => stepRun(-1),
      '.': () => stepRun(1),
      ArrowRight: () => step(1),
      ArrowLeft: () => step(-1),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };

  const described = pointed ?? active;
  return (
    <section className={classes['section']} aria-label="Timeline">
      <h3 className={classes['heading']}>
        Timeline
        <Select
          aria-label="Run of the timeline"
          w={230}
          data={choices}
          value={chosen}
          onChange={(value) => value !== null && choose(value)}
        />
        <Text span className="lap-muted" fw={400}>
          W/S zoom · A/D pan · F focus · ←/→ next kernel · ,/. other run · 0 whole run
        </Text>
      </h3>
      <div>
        <Canvas
          label={`Timeline: ${kernels.length} kernels over ${formatMs(full.endMs)}. The kernels table below lists them.`}
          role="application"
          tabIndex={0}
          canvasHeight={AXIS_HEIGHT + lanes * LANE_HEIGHT}
          draw={draw}
          onWidth={(value) => {
            width.current = Math.max(1, value);
          }}
          onWheelDelta={onWheelDelta}
          onKeyDown={onKeyDown}
          onMouseMove={onMove}
          onMouseLeave={() => {
            setPointed(null);
            useSelection.getState().setHover(null);
          }}
          onClick={(event) => {
            const bar = find(event);
            if (bar !== null) pick(bar);
          }}
        />
      </div>
      <Text className="lap-muted lap-ellipsis" aria-live="polite" mih={17}>
        {described === null
          ? 'Point at a kernel, or step through them with the arrow keys.'
          : describe(kernels[described], durations.get(described))}
      </Text>
    </section>
  );
}

function setOf(byLayer: ReadonlyMap<string, readonly number[]>, layer: string | null): ReadonlySet<number> {
  const indices = layer === null ? undefined : byLayer.get(layer);
  return indices === undefined ? NONE : new Set(indices);
}

function describe(kernel: Kernel | undefined, bar: Bar | undefined): string {
  if (kernel === undefined || bar === undefined) return '';
  const sources = kernel.sources.length === 0 ? 'the runtime’s own' : `runs ${kernel.sources.join(', ')}`;
  return `${kernel.op} · ${formatMs(bar.endMs - bar.startMs)} from ${formatMs(bar.startMs)} · ${sources}`;
}
