import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { useElementSize } from '@mantine/hooks';
import { scaleLinear } from 'd3-scale';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { formatMetric, formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import { GOODNESS_TITLES } from '../../../../main/judge/predict/metric.ts';
import { COST_TITLES, COST_UNITS, axisDomain, frontSteps } from '../model.ts';
import type { Axes, TradeoffPoint } from '../model.ts';
import type { Budget } from '../budget.ts';
import { placeLabels } from '../labels.ts';
import { openPoint } from '../store.ts';
import { BudgetLine } from './BudgetLine.tsx';
import { PointMark } from './PointMark.tsx';
import classes from './Scatter.module.css';

const MARGIN = { left: 56, right: 18, top: 14, bottom: 40 };

export interface ScatterProps {
  readonly points: readonly TradeoffPoint[];
  readonly axes: Axes;
  readonly budget: Budget;
  readonly shownId: string | null;
}

/** Benefit over cost. Solid marks are measured, hollow ones predicted; bars are the uncertainty; the line is the front. */
export function Scatter({ points, axes, budget, shownId }: ScatterProps): ReactNode {
  const { ref, width, height } = useElementSize();
  const inner = {
    left: MARGIN.left,
    right: Math.max(MARGIN.left + 40, width - MARGIN.right),
    top: MARGIN.top,
    bottom: Math.max(MARGIN.top + 40, height - MARGIN.bottom),
  };
  const domains = useMemo(
    () => ({
      cost: axisDomain(points.map((p) => p.costRange)),
      benefit: axisDomain(points.map((p) => p.benefitRange)),
    }),
    [points],
  );
  const x = scaleLinear(domains.cost, [inner.left, inner.right]);
  const y = scaleLinear(domains.benefit, [inner.bottom, inner.top]);
  const unit = COST_UNITS[axes.cost];
  const formatCost = (value: number): string => formatMetric(value, unit);
  const formatBenefit = (value: number): string => metricOf(axes.benefit).format(value);
  const formatTick = (value: number): string =>
    axes.benefit === 'cosine' ? formatNumber(value, 4) : formatPercent(value);
  const benefitTicks = y
    .ticks(Math.max(2, Math.floor((inner.bottom - inner.top) / 45)))
    .filter((value) => value < 1 + 1e-9);
  const steps = frontSteps(points);
  const path = steps.map((step, i) => `${i === 0 ? 'M' : 'L'}${x(step.cost)},${y(step.benefit)}`).join('');
  const places = placeLabels(
    points.map((point) => ({ id: point.id, x: x(point.cost), y: y(point.benefit), text: labelOf(point) })),
    inner,
  );
  const limits = budget.cost !== null || budget.benefit !== null;
  const scope = `${axes.cost}/${axes.benefit}`;
  return (
    <div ref={ref} className={classes['box']}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="group"
          aria-label={`${GOODNESS_TITLES[axes.benefit]} against ${COST_TITLES[axes.cost]}, ${points.length} points; the trials table below lists them`}
        >
          {x.ticks(Math.max(2, Math.floor((inner.right - inner.left) / 110))).map((value) => (
            <g key={value}>
              <line x1={x(value)} x2={x(value)} y1={inner.top} y2={inner.bottom} className={classes['grid']} />
              <text x={x(value)} y={inner.bottom + 15} className={classes['tick']} textAnchor="middle">
                {formatCost(value)}
              </text>
            </g>
          ))}
          {benefitTicks.map((value) => (
            <g key={value}>
              <line x1={inner.left} x2={inner.right} y1={y(value)} y2={y(value)} className={classes['grid']} />
              <text
                x={inner.left - 6}
                y={y(value)}
                className={classes['tick']}
                textAnchor="end"
                dominantBaseline="middle"
              >
                {formatTick(value)}
              </text>
            </g>
          ))}
          <text x={(inner.left + inner.right) / 2} y={height - 6} className={classes['title']} textAnchor="middle">
            {COST_TITLES[axes.cost]} → less is better
          </text>
          <text
            transform={`translate(12,${(inner.top + inner.bottom) / 2}) rotate(-90)`}
            className={classes['title']}
            textAnchor="middle"
          >
            {GOODNESS_TITLES[axes.benefit]}
          </text>
          <path d={path} className={classes['front']} />
          <BudgetLine kind="cost" scale={x} inner={inner} scope={scope} value={budget.cost} format={formatCost} />
          <BudgetLine
            kind="benefit"
            scale={y}
            inner={inner}
            scope={scope}
            value={budget.benefit}
            format={formatBenefit}
          />
          {points.map((point) => (
            <PointMark
              key={point.id}
              point={point}
              x={x}
              y={y}
              inner={inner}
              shown={point.id === shownId}
              dim={limits && !point.meets}
              label={labelOf(point)}
              place={places.get(point.id) ?? null}
              text={`${formatBenefit(point.benefit)} at ${formatCost(point.cost)}`}
              onOpen={(compare) => openPoint(point.id, compare)}
            />
          ))}
        </svg>
      )}
    </div>
  );
}

function labelOf(point: TradeoffPoint): string {
  if (point.predicted) return `≈ ${point.name}`;
  return point.baseline ? 'Baseline' : point.name;
}
