/** Geometry of the roofline chart: two logarithmic axes, roofs as lines, layers as points. */
import { scaleLog } from 'd3-scale';
import type { ScaleLogarithmic } from 'd3-scale';
import type { MachinePeaks } from '../../../main/contract/machine-peaks.ts';
import { roofsOf } from '../../../main/judge/profile/roofline.ts';
import type { Roofline } from '../../../main/judge/profile/roofline.ts';

export interface ChartArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A roof: rising with the intensity at a bandwidth, flat at a peak. */
export interface RoofLine {
  readonly key: string;
  readonly label: string;
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  readonly isPeak: boolean;
}

export interface RooflineScales {
  readonly x: ScaleLogarithmic<number, number>;
  readonly y: ScaleLogarithmic<number, number>;
  readonly roofs: readonly RoofLine[];
}

/** Scales that hold every point and the highest roof, in whole powers of two (x) and ten (y). */
export function rooflineScales(roofline: Roofline, peaks: MachinePeaks, area: ChartArea): RooflineScales {
  const { cache, memory } = roofsOf(peaks);
  const integers = roofline.points.some(({ precision }) => precision === 'int8') && peaks.int8 !== null;
  const tallest = integers ? Math.max(peaks.float32, peaks.int8!) : peaks.float32;
  const ridge = tallest / memory;
  const shown = roofline.points.filter(({ intensity, gigaOps }) => intensity > 0 && gigaOps > 0);
  const xs = shown.map(({ intensity }) => intensity);
  const ys = shown.map(({ gigaOps }) => gigaOps);
  const xDomain = [
    2 ** Math.floor(Math.log2(Math.min(0.25, ...xs))),
    2 ** Math.ceil(Math.log2(Math.max(2 * ridge, ...xs))),
  ];
  const yDomain = [
    10 ** Math.floor(Math.log10(Math.min(1, ...ys))),
    10 ** Math.ceil(Math.log10(Math.max(tallest, ...ys))),
  ];
  const x = scaleLog(xDomain, [area.left, area.right]);
  const y = scaleLog(yDomain, [area.bottom, area.top]);
  const [least = 1, most = 1] = xDomain;
  const slope = (key: string, label: string, gb: number): RoofLine => {
    const top = tallest / gb;
    const start = Math.max(least, (yDomain[0] ?? 1) / gb);
    return {
      key,
      label,
      from: { x: x(start), y: y(start * gb) },
      to: { x: x(Math.min(top, most)), y: y(Math.min(top, most) * gb) },
      isPeak: false,
    };
  };
  const flat = (key: string, label: string, peak: number): RoofLine => ({
    key,
    label,
    from: { x: x(Math.max(least, peak / cache)), y: y(peak) },
    to: { x: area.right, y: y(peak) },
    isPeak: true,
  });
  return {
    x,
    y,
    roofs: [
      slope('cache', 'cache', cache),
      slope('memory', 'memory', memory),
      flat('float32', 'float32', peaks.float32),
      ...(integers ? [flat('int8', 'int8', peaks.int8!)] : []),
    ],
  };
}

/** Powers of a base within a domain, at most about ten of them. */
export function powersWithin([low = 1, high = 1]: readonly number[], base: number): readonly number[] {
  const first = Math.ceil(Math.log(low) / Math.log(base) - 1e-9);
  const last = Math.floor(Math.log(high) / Math.log(base) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first) / 10));
  const powers: number[] = [];
  for (let exponent = first; exponent <= last; exponent += step) powers.push(base ** exponent);
  return powers;
}

/** Radius of a point by its share of the time: its area grows with it. */
export function radiusOf(timeMs: number, kernelsMs: number): number {
  return 3 + 14 * Math.sqrt(kernelsMs > 0 ? timeMs / kernelsMs : 0);
}
