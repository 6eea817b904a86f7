import { useEffect, useRef, useState } from 'react';
import type { CanvasHTMLAttributes, ReactNode } from 'react';
import { useComputedColorScheme } from '@mantine/core';

/** What a drawing gets: a context in CSS pixels, the size, and the theme's colours. */
export interface CanvasFrame {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly colors: CanvasColors;
}

/** The surfaces and texts of the theme, resolved for a canvas, which knows no CSS variables. */
export interface CanvasColors {
  readonly text: string;
  readonly muted: string;
  readonly border: string;
  readonly panel: string;
  readonly raised: string;
  readonly primary: string;
  readonly selection: string;
}

export interface CanvasProps extends Omit<CanvasHTMLAttributes<HTMLCanvasElement>, 'width' | 'height'> {
  /** Accessible name. */
  readonly label: string;
  /** Height in CSS pixels; the width is the parent's. */
  readonly canvasHeight: number;
  /** Draws one frame; called again whenever it, the size or the theme changes. */
  readonly draw: (frame: CanvasFrame) => void;
  /** Called with the width in CSS pixels whenever it changes. */
  readonly onWidth?: (width: number) => void;
  /** Called for the wheel with the browser's own scrolling held off where it returns true. */
  readonly onWheelDelta?: (event: WheelEvent) => boolean;
}

/** A canvas that is as wide as its parent, sharp on every screen, and redrawn with the theme. */
export function Canvas({ label, canvasHeight, draw, onWidth, onWheelDelta, ...rest }: CanvasProps): ReactNode {
  const ref = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const scheme = useComputedColorScheme('light');

  useEffect(() => {
    const parent = ref.current?.parentElement;
    if (!parent) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.floor(parent.clientWidth)));
    observer.observe(parent);
    return () => observer.disconnect();
  }, []);

  useEffect(() => onWidth?.(width), [width, onWidth]);

  useEffect(() => {
    const canvas = ref.current;
    if (!canvas || !onWheelDelta) return undefined;
    const listener = (event: WheelEvent): void => {
      if (onWheelDelta(event)) event.preventDefault();
    };
    canvas.addEventListener('wheel', listener, { passive: false });
    return () => canvas.removeEventListener('wheel', listener);
  }, [onWheelDelta]);

  // `scheme` stands for the CSS variables that the drawing reads.
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (!canvas || !context || width === 0) return undefined;
    const frame = requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(canvasHeight * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, canvasHeight);
      draw({ context, width, height: canvasHeight, colors: colorsOf(canvas) });
    });
    return () => cancelAnimationFrame(frame);
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [draw, width, canvasHeight, scheme]);

  return (
    <canvas
      ref={ref}
      role="img"
      aria-label={label}
      {...rest}
      style={{ display: 'block', width, height: canvasHeight, ...rest.style }}
    />
  );
}

function colorsOf(element: Element): CanvasColors {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: read('--mantine-color-text'),
    muted: read('--lap-muted'),
    border: read('--lap-border'),
    panel: read('--lap-panel'),
    raised: read('--lap-raised'),
    primary: read('--mantine-primary-color-filled'),
    selection: read('--lap-selection'),
  };
}
