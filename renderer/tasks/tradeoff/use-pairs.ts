import { useMemo } from 'react';
import type { Paired } from '../../../main/contract/measurement.ts';
import type { MetricUnder } from '../../../main/judge/trial-numbers.ts';
import { useEngineResult } from '../../state/queries.ts';

/** Every comparison of two of the trials that the axes are judged by; none until they have come. */
export function usePairs(trialIds: readonly string[], cost: MetricUnder, benefit: MetricUnder): readonly Paired[] {
  const costs = usePairsOf(trialIds, cost);
  const benefits = usePairsOf(trialIds, benefit);
  return useMemo(() => [...costs, ...benefits], [costs, benefits]);
}

const NONE: readonly Paired[] = [];

function usePairsOf(trialIds: readonly string[], { metric, key }: MetricUnder): readonly Paired[] {
  const wanted = metric.source === 'measured' && key !== null && trialIds.length > 1;
  const id = wanted ? [...trialIds, metric.id, key].join('|') : null;
  return (
    useEngineResult('trial.pairs', id, { trialIds: [...trialIds], metric: metric.id, key: key ?? '' }).data ?? NONE
  );
}
