import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from '../../state/persist.ts';
import { setReference, showTrial, shownTrialId, useSession } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import { showTab } from '../../state/ui.ts';
import type { BenefitMetric, CostMetric } from './model.ts';
import type { Budget } from './budget.ts';

interface TradeoffUi {
  readonly cost: CostMetric;
  /** Null: top-1 where there is any. */
  readonly benefit: BenefitMetric | null;
  /** Limits for each pair of axes, so that milliseconds are not taken for bytes. */
  readonly budgets: Readonly<Record<string, Budget>>;
}

/** Axes and budget lines, kept over restarts. */
export const useTradeoffUi = create<TradeoffUi>()(
  persist(
    (): TradeoffUi => ({ cost: 'latency', benefit: null, budgets: {} }),
    keptAs('tradeoff', { version: 1, keep: (ui) => ui }),
  ),
);

export const NO_BUDGET: Budget = { cost: null, benefit: null };

/** Moves a budget line; null takes it away. */
export function setBudget(axes: string, patch: Partial<Budget>): void {
  useTradeoffUi.setState(({ budgets }) => ({
    budgets: { ...budgets, [axes]: { ...NO_BUDGET, ...budgets[axes], ...patch } },
  }));
}

/** Opens a trial: it becomes the shown one everywhere. With `compare`, beside the one shown until now. */
export function openPoint(id: string, compare: boolean): void {
  if (id === 'predicted') {
    showTab('prune');
    return;
  }
  const before = shownTrialId(useSession.getState());
  if (compare && before !== null && before !== id) {
    setReference(before);
    showTrial(id);
    showTab('compare');
    return;
  }
  showTrial(id);
}

/** The evaluation that the detail of a trial started. */
export const useTrialTask = createTaskStore();
