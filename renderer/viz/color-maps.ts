import { rgb } from 'd3-color';
import { interpolateInferno, interpolateRdBu, interpolateViridis, interpolateYlOrRd } from 'd3-scale-chromatic';

/** A colour map from 0…1 to a CSS colour. */
export type ColorMap = (t: number) => string;

/** For magnitudes: viridis, readable with every common colour blindness and in grey. */
export const magnitudeMap: ColorMap = (t) => interpolateViridis(clamp01(t));

/** For harm: the worst stands out most from the theme's surface, dark on light and bright on dark. */
export const harmMap: Readonly<Record<'light' | 'dark', ColorMap>> = {
  light: (t) => interpolateYlOrRd(0.05 + 0.95 * clamp01(t)),
  dark: (t) => interpolateInferno(0.12 + 0.83 * clamp01(t)),
};

/** For signed change: 0 blue (less), 0.5 neutral, 1 red (more). */
export const divergingMap: ColorMap = (t) => interpolateRdBu(1 - clamp01(t));

/** For a few kinds without order (Okabe and Ito 2008: safe with colour blindness). */
export const CATEGORICAL: readonly string[] = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#d55e00',
  '#f0e442',
  '#999999',
];

/** Black or white, whichever reads better on a colour (WCAG relative luminance). */
export function textOn(color: string): '#000' | '#fff' {
  const { r, g, b } = rgb(color);
  const luminance = 0.2126 * linearLight(r) + 0.7152 * linearLight(g) + 0.0722 * linearLight(b);
  return luminance > 0.179 ? '#000' : '#fff';
}

/** How a number becomes a place on a colour map. */
export interface MetricScale {
  readonly kind: 'linear' | 'log';
  readonly min: number;
  readonly max: number;
  /** 0…1, clamped. */
  position(value: number): number;
  /** The value at a place. */
  valueAt(position: number): number;
}

/**
 * A linear or logarithmic scale over [min, max]. On a log scale values ≤ 0 stand at 0, and a minimum ≤ 0 is taken as a
 * millionth of the maximum.
 */
export function metricScale(kind: 'linear' | 'log', min: number, max: number): MetricScale {
  if (kind === 'log' && max > 0) {
    const low = Math.log(min > 0 ? min : max * 1e-6);
    const span = Math.log(max) - low || 1;
    return {
      kind,
      min: Math.exp(low),
      max,
      position: (value) => (value <= 0 ? 0 : clamp01((Math.log(value) - low) / span)),
      valueAt: (position) => Math.exp(low + position * span),
    };
  }
  const span = max - min || 1;
  return {
    kind: 'linear',
    min,
    max,
    position: (value) => clamp01((value - min) / span),
    valueAt: (position) => min + position * span,
  };
}

function clamp01(t: number): number {
  return t < 0 ? 0 : t > 1 ? 1 : t;
}

/** sRGB channel 0…255 to linear light 0…1. */
function linearLight(channel: number): number {
  const share = channel / 255;
  return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
