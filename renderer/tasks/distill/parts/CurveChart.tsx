import { useElementSize } from '@mantine/hooks';
import { memo, useState } from 'react';
import type { PointerEvent, ReactNode } from 'react';
import { formatCount } from '../../../../main/judge/format.ts';
import { bandPath, evenScale, linePath, logScale, nearest, type CurvePlace, type CurveScale } from '../curves.ts';
import classes from './CurveChart.module.css';

/** A line of the chart. */
export interface Curve {
  readonly name: string;
  readonly places: readonly CurvePlace[];
  readonly look: 'full' | 'thin' | 'dashed';
}

interface CurveChartProps {
  /** What it shows, for screen readers. */
  readonly label: string;
  /** Steps of the whole run: the axis does not move while it trains. */
  readonly steps: number;
  readonly curves: readonly Curve[];
  /** Around the last curve. */
  readonly band?: readonly { readonly step: number; readonly low: number; readonly high: number }[];
  /** The step that is kept. */
  readonly mark: number;
  /** Ends of an even axis; absent: by logarithms, as far as the values go. */
  readonly domain?: readonly [number, number];
  readonly format: (value: number, digits?: number) => string;
}

const [LEFT, RIGHT, TOP, BOTTOM] = [58, 22, 8, 20];

/**
 * Curves over the steps of a training. Plain SVG: it is drawn anew some times a second, on a machine that trains, and must not
 * cost the window a frame.
 */
export const CurveChart = memo(function CurveChart(props: CurveChartProps): ReactNode {
  const { label, steps, curves, band = [], mark, domain, format } = props;
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const [hovered, setHovered] = useState<number | null>(null);
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  const x = evenScale([0, steps], [LEFT, right], Math.max(2, Math.round(width / 130)));
  const values = curves.flatMap(({ places }) => places.map(([, value]) => value));
  const y = domain === undefined ? logScale(values, [bottom, TOP]) : evenScale(domain, [bottom, TOP], 4);
  const hover = (event: PointerEvent<SVGSVGElement>): void => {
    const step = ((event.nativeEvent.offsetX - LEFT) / Math.max(1, right - LEFT)) * steps;
    setHovered(step < 0 || step > steps ? null : step);
  };
  return (
    <div ref={ref} className={classes['chart']} role="img" aria-label={label}>
      {width > LEFT + RIGHT && height > TOP + BOTTOM && (
        <svg width={width} height={height} onPointerMove={hover} onPointerLeave={() => setHovered(null)}>
          {y.ticks.map((tick) => (
            <g key={tick}>
              <line className={classes['grid']} x1={LEFT} x2={right} y1={y.at(tick)} y2={y.at(tick)} />
              <text x={LEFT - 8} y={y.at(tick)} dy="0.35em" textAnchor="end">
                {format(tick)}
              </text>
            </g>
          ))}
          {x.ticks.map((tick) => (
            <text key={tick} x={x.at(tick)} y={height - 5} textAnchor="middle">
              {formatCount(tick)}
            </text>
          ))}
          <path className={classes['axis']} d={`M${LEFT},${TOP}V${bottom}H${right}`} />
          {band.length > 0 && <path className={classes['band']} d={bandPath(band, x, y)} />}
          {curves.map(({ name, places, look }) => (
            <path key={name} className={classes['curve']} data-look={look} d={linePath(places, x, y)} />
          ))}
          <line className={classes['mark']} x1={x.at(mark)} x2={x.at(mark)} y1={TOP} y2={bottom} />
          {hovered !== null && <Pointed curves={curves} step={hovered} x={x} y={y} ends={[TOP, bottom]} />}
        </svg>
      )}
      {hovered !== null && <Tip {...props} step={hovered} left={x.at(hovered)} flipped={x.at(hovered) > width / 2} />}
    </div>
  );
});

interface PointedProps {
  readonly curves: readonly Curve[];
  readonly step: number;
  readonly x: CurveScale;
  readonly y: CurveScale;
  readonly ends: readonly [number, number];
}

function Pointed({ curves, step, x, y, ends }: PointedProps): ReactNode {
  return (
    <>
      <line className={classes['pointer']} x1={x.at(step)} x2={x.at(step)} y1={ends[0]} y2={ends[1]} />
      {curves.map(({ name, places }) => {
        const place = nearest(places, step);
        return place && <circle key={name} className={classes['dot']} cx={x.at(place[0])} cy={y.at(place[1])} r={3} />;
      })}
    </>
  );
}

interface TipProps extends CurveChartProps {
  readonly step: number;
  readonly left: number;
  readonly flipped: boolean;
}

/** The values at the pointer, each with the step at which it was measured. */
function Tip({ curves, band = [], format, step, left, flipped }: TipProps): ReactNode {
  const at = band.find((one) => one.step === nearest(curves.at(-1)?.places ?? [], step)?.[0]);
  return (
    <div
      className={classes['tip']}
      style={{ left, transform: `translateX(${flipped ? 'calc(-100% - 10px)' : '10px'})` }}
    >
      {curves.map(({ name, places }) => {
        const place = nearest(places, step);
        return (
          place && (
            <div key={name}>
              <span className="lap-muted">
                {name}, step {formatCount(place[0])}
              </span>{' '}
              {format(place[1])}
            </div>
          )
        );
      })}
      {at !== undefined && (
        <div>
          <span className="lap-muted">95 % interval</span> {format(at.low)} … {format(at.high)}
        </div>
      )}
    </div>
  );
}
