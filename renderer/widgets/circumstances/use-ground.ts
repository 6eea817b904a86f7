import { useMemo } from 'react';
import type { MetricId } from '../../../main/judge/metrics.ts';
import type { MetricUnder } from '../../../main/judge/trial-numbers.ts';
import { useGround } from '../../state/ground.ts';
import { useSession } from '../../state/session.ts';
import { groundFor } from './model.ts';

/** What each metric is read under, for all trials of the model: as chosen, else what most of them share. */
export function useGroundOf(): (id: MetricId) => MetricUnder {
  const trials = useSession((state) => state.trials);
  const run = useGround((state) => state.run);
  const data = useGround((state) => state.data);
  return useMemo(() => groundFor(trials, { run, data }), [trials, run, data]);
}
