import { useRef } from 'react';
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import type { TensorValues } from '../../../../main/contract/layer-values.ts';
import { formatNumber } from '../../../../main/judge/format.ts';
import { barHeights, binMiddle, extentOf, type Codes, type ValueRange } from './range-model.ts';
import classes from './tensor.module.css';

interface RangePlotProps {
  readonly histogram: TensorValues['histogram'];
  /** Of all values. */
  readonly range: ValueRange;
  /** What the trial's codes span. */
  readonly own: ValueRange;
  /** Between the thresholds. */
  readonly shown: ValueRange;
  readonly codes: Codes;
  /** How many values take each code. */
  readonly counts: Float64Array;
  readonly onDrag: (range: ValueRange) => void;
}

const BARS = 128;
const HEIGHT = 92;
/** A key moves a threshold by this share of the picture, with Shift by ten times that. */
const KEY_STEP = 0.005;

/** Float values as bars, the codes that they take as a line over them, and two thresholds to drag. */
export function RangePlot({ histogram, range, own, shown, codes, counts, onDrag }: RangePlotProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const extent = extentOf([range, own]);
  const span = extent.max - extent.min;
  const float = barHeights((bin) => binMiddle(histogram, bin), histogram.counts, { extent, bars: BARS });
  const codeBars = Math.min(BARS, Math.max(8, Math.floor(span / codes.scale)));
  const rounded = barHeights((code) => codes.scale * (code + codes.lowest - codes.zeroPoint), counts, {
    extent,
    bars: codeBars,
  });
  const place = (value: number): number => Math.min(1, Math.max(0, (value - extent.min) / span));
  const move = (end: 'min' | 'max', value: number): void => {
    const held = Math.min(extent.max, Math.max(extent.min, value));
    // Zero is always among the codes.
    if (end === 'min') onDrag({ min: Math.min(held, 0), max: shown.max });
    else onDrag({ min: shown.min, max: Math.max(held, 0) });
  };
  const handle = (end: 'min' | 'max'): ReactNode => (
    <div
      key={end}
      role="slider"
      tabIndex={0}
      aria-label={end === 'min' ? 'Lower threshold' : 'Upper threshold'}
      aria-valuemin={extent.min}
      aria-valuemax={extent.max}
      aria-valuenow={shown[end]}
      aria-valuetext={formatNumber(shown[end])}
      className={classes['handle']}
      style={{ left: `${place(shown[end]) * 100}%` }}
      onPointerDown={(event: PointerEvent) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event: PointerEvent) => {
        const rect = box.current?.getBoundingClientRect();
        if (rect === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
        move(end, extent.min + ((event.clientX - rect.left) / rect.width) * span);
      }}
      onKeyDown={(event: KeyboardEvent) => {
        const way = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
        if (way === 0) return;
        event.preventDefault();
        move(end, shown[end] + way * span * KEY_STEP * (event.shiftKey ? 10 : 1));
      }}
    />
  );
  return (
    <div>
      <div ref={box} className={classes['plot']} style={{ height: HEIGHT }}>
        <svg viewBox={`0 0 ${BARS} 100`} preserveAspectRatio="none" aria-hidden className={classes['bars']}>
          <path d={barsPath(float)} className={classes['float']} />
          <path d={stepsPath(rounded)} className={classes['rounded']} />
        </svg>
        <div className={classes['out']} style={{ left: 0, width: `${place(shown.min) * 100}%` }} />
        <div className={classes['out']} style={{ right: 0, width: `${(1 - place(shown.max)) * 100}%` }} />
        {handle('min')}
        {handle('max')}
      </div>
      <div className={classes['axis']}>
        <span>{formatNumber(extent.min)}</span>
        <span>
          <i className={classes['floatKey']} /> float <i className={classes['roundedKey']} /> as codes
        </span>
        <span>{formatNumber(extent.max)}</span>
      </div>
    </div>
  );
}

function barsPath(heights: Float64Array): string {
  const width = BARS / heights.length;
  return Array.from(heights, (height, at) =>
    height === 0 ? '' : `M${at * width} 100V${(1 - height) * 100}h${width * 0.92}V100z`,
  ).join('');
}

function stepsPath(heights: Float64Array): string {
  const width = BARS / heights.length;
  return `M0 100${Array.from(heights, (height, at) => `L${at * width} ${(1 - height) * 100}h${width}`).join('')}V100`;
}
