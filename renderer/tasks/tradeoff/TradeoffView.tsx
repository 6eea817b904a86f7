import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Button, Text } from '@mantine/core';
import { EmptyState } from '../../design/EmptyState.tsx';
import { metricOf } from '../../../main/judge/metrics.ts';
import { formatMetric } from '../../../main/judge/format.ts';
import { hasUnlabelledData } from '../../state/data.ts';
import { useSession, useShownTrial } from '../../state/session.ts';
import { showTab } from '../../state/ui.ts';
import { BaselineHint } from '../../widgets/BaselineHint.tsx';
import { useGroundOf } from '../../widgets/circumstances/use-ground.ts';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';
import classes from './TradeoffView.module.css';
import { COST_IDS, COST_UNITS, bestWithin, defaultBenefit, tradeoffPoints } from './model.ts';
import type { Axes, TradeoffPoint } from './model.ts';
import type { Budget } from './budget.ts';
import { SearchBar } from './parts/SearchBar.tsx';
import { Scatter } from './parts/Scatter.tsx';
import { TradeoffToolbar } from './parts/TradeoffToolbar.tsx';
import { TrialDetail } from './parts/TrialDetail.tsx';
import { TrialTable } from './parts/TrialTable.tsx';
import { NO_BUDGET, useTradeoffUi } from './store.ts';
import { usePairs } from './use-pairs.ts';

/** The Trade-off task: every trial as a point of accuracy against what it costs; the front; what meets a budget. */
export function TradeoffView(): ReactNode {
  const trials = useSession((state) => state.trials);
  const unlabelled = useSession(hasUnlabelledData);
  const shown = useShownTrial();
  const prediction = useDraftPrediction();
  const { cost, benefit, budgets } = useTradeoffUi();
  const axes: Axes = useMemo(
    () => ({ cost, benefit: benefit ?? defaultBenefit(trials, unlabelled) }),
    [cost, benefit, trials, unlabelled],
  );
  const budget = budgets[`${axes.cost}/${axes.benefit}`] ?? NO_BUDGET;
  const isGuess = prediction !== null && prediction.recipe.steps.length > 0 && !isMeasured(prediction.measured);
  const predicted = isGuess ? prediction.predicted : null;
  const ground = useGroundOf();
  const ids = useMemo(() => trials.filter(({ status }) => status === 'done').map(({ id }) => id), [trials]);
  const pairs = usePairs(ids, ground(COST_IDS[axes.cost]), ground(axes.benefit));
  const points = useMemo(
    () => tradeoffPoints(trials, predicted, { axes, budget, ground, pairs }),
    [trials, predicted, axes, budget, ground, pairs],
  );
  if (prediction === null)
    return <EmptyState title="No model is open">Open one to trade its accuracy for speed.</EmptyState>;
  return (
    <div className={classes['view']}>
      <TradeoffToolbar axes={axes} />
      <SearchBar axis={axes.cost === 'size' ? 'size' : 'latency'} />
      <BaselineHint />
      <div className={classes['upper']}>
        <div className={classes['chart']}>
          {points.length === 0 ? (
            <EmptyState
              title="Nothing to trade yet"
              action={<Button onClick={() => showTab('prune')}>Go to Prune</Button>}
            >
              Measure the baseline on data, then drag the pruning slider or switch int8 on: every recipe becomes a point
              here, first predicted (hollow), then measured.
            </EmptyState>
          ) : (
            <Scatter points={points} axes={axes} budget={budget} shownId={shown?.id ?? null} />
          )}
        </div>
        {shown !== undefined && (
          <aside className={classes['detail']} aria-label="Shown trial" tabIndex={0}>
            <TrialDetail trial={shown} />
          </aside>
        )}
      </div>
      <Text className={`lap-muted ${classes['note']}`} aria-live="polite">
        {budgetText(points, axes, budget)}
      </Text>
      <div className={classes['table']}>
        <TrialTable trials={trials} points={points} predicted={predicted} ground={ground} />
      </div>
    </div>
  );
}

function isMeasured(trial: { readonly evaluation: unknown; readonly latency: unknown } | null): boolean {
  return trial !== null && trial.evaluation !== null && trial.latency !== null;
}

function budgetText(points: readonly TradeoffPoint[], axes: Axes, budget: Budget): string {
  const measured = points.filter((point) => !point.predicted);
  if (budget.cost === null && budget.benefit === null)
    return 'Click a point to open its trial, Shift-click to compare. Drag a budget line in from the right or from below.';
  const meets = measured.filter((point) => point.meets).length;
  const best = bestWithin(points);
  const limits = [
    budget.cost === null ? '' : `at most ${formatMetric(budget.cost, COST_UNITS[axes.cost])}`,
    budget.benefit === null ? '' : `at least ${metricOf(axes.benefit).format(budget.benefit)}`,
  ].filter(Boolean);
  const text = `${meets} of ${measured.length} trials meet ${limits.join(' and ')}`;
  return best === null ? `${text}.` : `${text}; the best of them is “${best.name}”.`;
}
