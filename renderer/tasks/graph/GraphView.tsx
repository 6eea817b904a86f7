import type { ReactNode } from 'react';
import { ErrorState } from '../../design/ErrorState.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { useTrialGraph } from '../../state/queries.ts';
import { useShownTrial } from '../../state/session.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
import { GraphStage } from './GraphStage.tsx';

/** The graph of the shown trial. */
export function GraphView(): ReactNode {
  const trial = useShownTrial();
  const graph = useTrialGraph(trial?.id ?? null);
  if (trial?.status === 'failed' && trial.error !== null) return <ErrorState error={trial.error} />;
  if (trial === undefined) return <LoadingState>Reading the graph…</LoadingState>;
  return (
    <Loaded query={graph} loading="Reading the graph…">
      {(view) => <GraphStage key={trial.id} trialId={trial.id} view={view} />}
    </Loaded>
  );
}
