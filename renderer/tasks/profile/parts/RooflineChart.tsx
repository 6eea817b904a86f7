import { useElementSize } from '@mantine/hooks';
import { useMemo } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { MachinePeaks } from '../../../../main/contract/machine-peaks.ts';
import { formatMs, formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import type { Roofline, RooflinePoint } from '../../../../main/judge/profile/roofline.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { powersWithin, radiusOf, rooflineScales } from '../roofline-chart.ts';
import classes from './Roofline.module.css';

const HEIGHT = 320;
const MARGIN = { left: 56, right: 16, top: 12, bottom: 40 };

interface RooflineChartProps {
  readonly roofline: Roofline;
  readonly peaks: MachinePeaks;
}

/** Operations a second over operations a byte, both logarithmic: layers as points under the machine's roofs. */
export function RooflineChart({ roofline, peaks }: RooflineChartProps): ReactNode {
  const { ref, width } = useElementSize();
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);
  const area = {
    left: MARGIN.left,
    right: Math.max(200, width - MARGIN.right),
    top: MARGIN.top,
    bottom: HEIGHT - MARGIN.bottom,
  };
  const { x, y, roofs } = useMemo(
    () => rooflineScales(roofline, peaks, area),
    // the area follows from the width
    // oxlint-disable-next-line react/exhaustive-deps
    [roofline, peaks, width],
  );
  const shown = roofline.points.filter(({ intensity, gigaOps }) => intensity > 0 && gigaOps > 0);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by =
      event.key === 'ArrowRight' || event.key === 'ArrowDown'
        ? 1
        : event.key === 'ArrowLeft' || event.key === 'ArrowUp'
          ? -1
          : 0;
    if (by === 0) return;
    event.preventDefault();
    const at = shown.findIndex(({ name }) => name === layer);
    const next = shown[Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (next !== undefined) selectLayer(next.name, 'chart');
  };
  const pointed = shown.find(({ name }) => name === (hover ?? layer));
  return (
    <div ref={ref} className={classes['chart']}>
      <svg
        width="100%"
        height={HEIGHT}
        role="application"
        tabIndex={0}
        aria-label={`Roofline of ${shown.length} layers; arrows step through them, the table below lists them`}
        onKeyDown={onKeyDown}
      >
        {powersWithin(x.domain(), 2).map((value) => (
          <g key={`x${value}`}>
            <line x1={x(value)} x2={x(value)} y1={area.top} y2={area.bottom} className={classes['grid']} />
            <text x={x(value)} y={area.bottom + 14} textAnchor="middle" className={classes['tick']}>
              {value >= 1 ? formatNumber(value) : `1/${formatNumber(1 / value)}`}
            </text>
          </g>
        ))}
        {powersWithin(y.domain(), 10).map((value) => (
          <g key={`y${value}`}>
            <line x1={area.left} x2={area.right} y1={y(value)} y2={y(value)} className={classes['grid']} />
            <text x={area.left - 6} y={y(value) + 4} textAnchor="end" className={classes['tick']}>
              {formatNumber(value)}
            </text>
          </g>
        ))}
        <text x={(area.left + area.right) / 2} y={HEIGHT - 6} textAnchor="middle" className={classes['tick']}>
          operations a byte
        </text>
        <text
          transform={`translate(12 ${(area.top + area.bottom) / 2}) rotate(-90)`}
          textAnchor="middle"
          className={classes['tick']}
        >
          10⁹ operations a second
        </text>
        {roofs.map(({ key, label, from, to, isPeak }) => (
          <g key={key}>
            <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} className={classes['roof']} data-kind={key} />
            <text
              {...(isPeak
                ? { x: from.x + 8, y: to.y - 6 }
                : {
                    x: from.x + 8,
                    y: from.y - 12,
                    transform: `rotate(${angle(from, to)} ${from.x + 8} ${from.y - 12})`,
                  })}
              className={classes['roofName']}
            >
              {label}
            </text>
          </g>
        ))}
        {[...shown].reverse().map((point) => (
          <Mark
            key={point.name}
            point={point}
            cx={x(point.intensity)}
            cy={y(point.gigaOps)}
            r={radiusOf(point.timeMs, roofline.kernelsMs)}
            state={point.name === layer ? 'selected' : point.name === hover ? 'hovered' : 'plain'}
          />
        ))}
      </svg>
      <p className={classes['told']} aria-live="polite">
        {pointed === undefined ? 'Point at a layer, or step through them with the arrow keys.' : pointWords(pointed)}
      </p>
    </div>
  );
}

interface MarkProps {
  readonly point: RooflinePoint;
  readonly cx: number;
  readonly cy: number;
  readonly r: number;
  readonly state: 'selected' | 'hovered' | 'plain';
}

/** The shape says what bounds the layer, so that it is told without colours: disc, square, diamond. */
function Mark({ point, cx, cy, r, state }: MarkProps): ReactNode {
  const props = {
    className: classes['mark'],
    'data-bound': point.bound,
    'data-state': state,
    onClick: () => selectLayer(point.name, 'chart'),
    onMouseEnter: () => useSelection.getState().setHover(point.name),
    onMouseLeave: () => useSelection.getState().setHover(null),
  };
  if (point.bound === 'compute') return <circle cx={cx} cy={cy} r={r} {...props} />;
  const side = r * 0.89;
  const turn = point.bound === 'overhead' ? { transform: `rotate(45 ${cx} ${cy})` } : {};
  return <rect x={cx - side} y={cy - side} width={2 * side} height={2 * side} {...turn} {...props} />;
}

function angle(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
): number {
  return (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
}

function pointWords({ name, op, timeMs, roofMs, bound, reached, gigaOps, precision }: RooflinePoint): string {
  return `${name} · ${op} · ${formatMs(timeMs)}, at the roof ${formatMs(roofMs)} (${formatPercent(reached, 2)} of it reached) · ${bound}-bound in ${precision} · ${formatNumber(gigaOps)} · 10⁹ operations a second`;
}
