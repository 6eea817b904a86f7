import { rgb } from 'd3-color';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { MouseEvent, ReactNode } from 'react';
import type { TensorView } from '../../../main/contract/tensor-view.ts';
import { formatNumber } from '../../../main/judge/format.ts';
import { divergingMap, magnitudeMap } from '../../viz/color-maps.ts';
import classes from './TensorDialog.module.css';

interface TensorImageProps {
  readonly picture: NonNullable<TensorView['picture']>;
  readonly name: string;
}

const SHADES = 256;
/** Small pictures are shown larger, up to this many pixels a side. */
const SHOWN = 460;

/** Filters, maps or a matrix in colours: blue below and red above zero, or by magnitude where nothing is below. */
export function TensorImage({ picture, name }: TensorImageProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const { width, height, values, tile, thinned } = picture;
  const { low, high } = useMemo(() => range(values), [values]);
  const signed = low < 0;
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const shades = Array.from({ length: SHADES }, (_, at) => {
      const t = at / (SHADES - 1);
      return rgb((signed ? divergingMap : magnitudeMap)(t));
    });
    const image = context.createImageData(width, height);
    for (const [at, value] of values.entries()) {
      if (Number.isNaN(value)) continue;
      const t = signed ? (value / most + 1) / 2 : (value - low) / (high - low || 1);
      const { r, g, b } = shades[Math.max(0, Math.min(SHADES - 1, Math.round(t * (SHADES - 1))))]!;
      image.data.set([r, g, b, 255], at * 4);
    }
    context.putImageData(image, 0, 0);
  }, [width, height, values, signed, most, low, high]);
  const zoom = Math.max(1, Math.floor(SHOWN / Math.max(width, height)));
  const point = (event: MouseEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    setPointed(sayPlace(picture, x, y));
  };
  const what = tile.count > 1 ? `${tile.count} tiles of ${tile.height}×${tile.width}` : `${tile.height}×${tile.width}`;
  const stops = [0, 0.25, 0.5, 0.75, 1].map((t) => (signed ? divergingMap : magnitudeMap)(t)).join(', ');
  return (
    <>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        role="img"
        aria-label={`${name} as a picture: ${what}, from ${formatNumber(low)} to ${formatNumber(high)}`}
        className={classes['picture']}
        style={{ width: width * zoom }}
        onMouseMove={point}
        onMouseLeave={() => setPointed(null)}
      />
      <div className={classes['legend']}>
        <span>{formatNumber(signed ? -most : low)}</span>
        <span className={classes['ramp']} style={{ background: `linear-gradient(to right, ${stops})` }} aria-hidden />
        <span>{formatNumber(signed ? most : high)}</span>
        <span>
          {what}
          {thinned > 1 && ` · a pixel shows the greatest of ${thinned}×${thinned}`}
        </span>
        {pointed !== null && <b>{pointed}</b>}
      </div>
    </>
  );
}

function range(values: Float32Array): { readonly low: number; readonly high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value - value !== 0) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? { low: 0, high: 0 } : { low, high };
}

/** "tile 3, row 2, column 5: 0.12" */
function sayPlace({ width, values, tile, thinned }: TensorImageProps['picture'], x: number, y: number): string | null {
  const value = values[y * width + x];
  if (value === undefined || Number.isNaN(value)) return null;
  const gap = tile.count > 1 ? 1 : 0;
  const [column, row] = [x * thinned, y * thinned];
  const index = Math.floor(row / (tile.height + gap)) * tile.across + Math.floor(column / (tile.width + gap));
  const inside = `row ${row % (tile.height + gap)}, column ${column % (tile.width + gap)}`;
  return `${tile.count > 1 ? `tile ${index}, ` : ''}${inside}: ${formatNumber(value)}`;
}
