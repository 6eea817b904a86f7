import { useMemo } from 'react';
import { withMeasured, type MeasuredPlan } from '../../main/judge/predict/measured-plan.ts';
import { useChannelPlan, useSensitivity, useWidthTimes } from '../state/queries.ts';

/**
 * What can be cut of a model, with what was measured of it so far; null: not known yet, or not asked.
 * @param modelId null: not asked
 * @param align of the widths that may be chosen
 */
export function useMeasuredPlan(modelId: string | null, align: number): MeasuredPlan | null {
  const plan = useChannelPlan(modelId).data;
  const sensitivity = useSensitivity(plan === undefined ? null : modelId).data ?? null;
  const times = useWidthTimes(plan?.shapes ?? null, align).data ?? null;
  return useMemo(
    () => (plan === undefined ? null : withMeasured(plan, { sensitivity, times })),
    [plan, sensitivity, times],
  );
}
