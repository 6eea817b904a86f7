import { useMemo } from 'react';
import type { Trial } from '../../../main/contract/studio.ts';
import type { MetricId } from '../../../main/judge/metrics.ts';
import type { MetricUnder } from '../../../main/judge/trial-numbers.ts';
import { useGround } from '../../state/ground.ts';
import { useSession } from '../../state/session.ts';
import { groundFor } from './model.ts';

/**
 * What each metric is read under: as chosen, else what most of the trials that are looked at share.
 * @param of those trials; left out: all of the model
 */
export function useGroundOf(of?: readonly Trial[]): (id: MetricId) => MetricUnder {
  const all = useSession((state) => state.trials);
  const trials = of ?? all;
  const run = useGround((state) => state.run);
  const data = useGround((state) => state.data);
  return useMemo(() => groundFor(trials, { run, data }), [trials, run, data]);
}
