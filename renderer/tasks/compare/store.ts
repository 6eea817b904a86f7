import { useMemo } from 'react';
import { create } from 'zustand';
import { groundOf } from '../../../main/judge/predict/metric.ts';
import { useSession } from '../../state/session.ts';
import { useGroundOf } from '../../widgets/circumstances/use-ground.ts';
import { useEngineResult } from '../../state/queries.ts';
import type { EngineResult } from '../../state/queries.ts';
import type { CompareFilter } from './model.ts';

interface CompareUi {
  readonly filter: CompareFilter;
  readonly search: string;
}

/** What of a comparison is shown; survives a change of task. */
export const useCompareUi = create<CompareUi>(() => ({ filter: 'different', search: '' }));

/** The comparison of two trials; fetched again when one of them is measured anew. */
export function useComparison(a: string | null, b: string | null): EngineResult<'trial.compare'> {
  const trials = useSession((state) => state.trials);
  const compared = useMemo(() => trials.filter(({ id }) => id === a || id === b), [trials, a, b]);
  const ground = useGroundOf(compared);
  const benefit = groundOf(trials)?.metric ?? 'top1';
  const keys = [ground('latency').key, ground(benefit).key].filter((key) => key !== null);
  const id = a === null || b === null ? null : [a, b, ...keys].join('|');
  return useEngineResult('trial.compare', id, { a: a ?? '', b: b ?? '', keys });
}
