import { scaleLinear } from 'd3-scale';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { CartesianGrid, ComposedChart, XAxis, YAxis, usePlotArea } from 'recharts';
import { axisDomain, niceTicks, tickTexts } from '../../../../main/judge/chart/axis.ts';
import { frontSteps } from '../../../../main/judge/chart/front-line.ts';
import { formatMetric, formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { Chart } from '../../../widgets/chart/Chart.tsx';
import { AXIS, GRID, axisTitle } from '../../../widgets/chart/chart-theme.ts';
import type { Budget } from '../budget.ts';
import { placeLabels } from '../labels.ts';
import { COST_TITLES, COST_UNITS } from '../model.ts';
import type { Axes, TradeoffPoint } from '../model.ts';
import { openPoint } from '../store.ts';
import { BudgetLine } from './BudgetLine.tsx';
import { PointMark } from './PointMark.tsx';
import classes from './Scatter.module.css';

const MARGIN = { left: 8, right: 20, top: 14, bottom: 14 };
/** Ticks wanted on an axis. */
const TICKS = 6;

export interface ScatterProps {
  readonly points: readonly TradeoffPoint[];
  readonly axes: Axes;
  readonly budget: Budget;
  readonly shownId: string | null;
}

interface Domains {
  readonly cost: [number, number];
  readonly benefit: [number, number];
}

/** Benefit over cost. Solid marks are measured, hollow ones predicted; bars are the uncertainty; the line is the front. */
export function Scatter(props: ScatterProps): ReactNode {
  const { points, axes } = props;
  const domains = useMemo<Domains>(
    () => ({
      cost: axisDomain(points.map((p) => p.costRange)),
      benefit: axisDomain(points.map((p) => p.benefitRange)),
    }),
    [points],
  );
  const costs = niceTicks(domains.cost, TICKS);
  const benefits = niceTicks(domains.benefit, TICKS).filter((value) => value < 1 + 1e-9);
  const costTexts = tickTexts(costs, (value, digits) => formatMetric(value, COST_UNITS[axes.cost], digits));
  const benefitTexts = tickTexts(benefits, (value, digits) =>
    axes.benefit === 'cosine' ? formatNumber(value, digits) : formatPercent(value, digits),
  );
  const corners = domains.cost.map((cost, end) => ({ cost, benefit: domains.benefit[end] }));
  const benefit = metricOf(axes.benefit).title;
  return (
    <Chart
      role="group"
      label={`${benefit} against ${COST_TITLES[axes.cost]}, ${points.length} points; the trials table below lists them`}
    >
      <ComposedChart data={corners} margin={MARGIN} accessibilityLayer={false}>
        <CartesianGrid {...GRID} />
        <XAxis
          {...AXIS}
          dataKey="cost"
          type="number"
          allowDataOverflow
          domain={domains.cost}
          ticks={costs as number[]}
          height={42}
          tickFormatter={(value: number) => costTexts.get(value) ?? ''}
          label={axisTitle(`${COST_TITLES[axes.cost]} → less is better`, 'insideBottom')}
        />
        <YAxis
          {...AXIS}
          dataKey="benefit"
          type="number"
          allowDataOverflow
          domain={domains.benefit}
          ticks={benefits as number[]}
          width={72}
          tickFormatter={(value: number) => benefitTexts.get(value) ?? ''}
          label={axisTitle(benefit, 'insideLeft')}
        />
        <Marks {...props} domains={domains} />
      </ComposedChart>
    </Chart>
  );
}

/** Everything inside the axes: the front, the budget lines, the points with their names. */
function Marks({ points, axes, budget, shownId, domains }: ScatterProps & { readonly domains: Domains }): ReactNode {
  const area = usePlotArea();
  if (area === undefined) return null;
  const inner = { left: area.x, right: area.x + area.width, top: area.y, bottom: area.y + area.height };
  const x = scaleLinear(domains.cost, [inner.left, inner.right]);
  const y = scaleLinear(domains.benefit, [inner.bottom, inner.top]);
  const formatCost = (value: number): string => formatMetric(value, COST_UNITS[axes.cost]);
  const formatBenefit = (value: number): string => metricOf(axes.benefit).format(value);
  const front = frontSteps(points)
    .map((step, i) => `${i === 0 ? 'M' : 'L'}${x(step.cost)},${y(step.benefit)}`)
    .join('');
  const places = placeLabels(
    points.map((point) => ({ id: point.id, x: x(point.cost), y: y(point.benefit), text: labelOf(point) })),
    inner,
  );
  const limits = budget.cost !== null || budget.benefit !== null;
  const scope = `${axes.cost}/${axes.benefit}`;
  return (
    <g>
      <path d={front} className={classes['front']} />
      <BudgetLine kind="cost" scale={x} inner={inner} scope={scope} value={budget.cost} format={formatCost} />
      <BudgetLine kind="benefit" scale={y} inner={inner} scope={scope} value={budget.benefit} format={formatBenefit} />
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
    </g>
  );
}

function labelOf(point: TradeoffPoint): string {
  if (point.predicted) return `≈ ${point.name}`;
  return point.baseline ? 'Baseline' : point.name;
}
