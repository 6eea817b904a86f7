import type { ReactNode } from 'react';
import { ErrorState } from '../../design/ErrorState.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { useTrialGraph } from '../../state/results.ts';
import { useShownTrial } from '../../state/session.ts';
import { GraphStage } from './GraphStage.tsx';

/** The graph of the shown trial. */
export function GraphView(): ReactNode {
  const trial = useShownTrial();
  const graph = useTrialGraph(trial?.id ?? null);
  if (trial?.status === 'failed' && trial.error !== null) return <ErrorState error={trial.error} />;
  if (graph.status === 'failed') return <ErrorState error={graph.error} />;
  if (trial === undefined || graph.status === 'loading') return <LoadingState>Reading the graph…</LoadingState>;
  return <GraphStage key={trial.id} trialId={trial.id} view={graph.value} />;
}
