import type { ReactNode } from 'react';
import type { LayerTable } from '../../../main/contract/layers.ts';
import { ErrorState } from '../../design/ErrorState.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { useLayerGraph } from '../../state/layer-graph.ts';
import { useTrialLayers } from '../../state/queries.ts';
import { useShownTrial } from '../../state/session.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
import { GraphStage } from './GraphStage.tsx';

/** The graph of the shown trial. */
export function GraphView(): ReactNode {
  const trial = useShownTrial();
  const layers = useTrialLayers(trial?.id ?? null);
  if (trial?.status === 'failed' && trial.error !== null) return <ErrorState error={trial.error} />;
  if (trial === undefined) return <LoadingState>Reading the graph…</LoadingState>;
  return (
    <Loaded query={layers} loading="Reading the graph…">
      {(table) => <LayerStage key={trial.id} trialId={trial.id} table={table} />}
    </Loaded>
  );
}

function LayerStage({ trialId, table }: { readonly trialId: string; readonly table: LayerTable }): ReactNode {
  const view = useLayerGraph(trialId, table);
  if (view === null) return <LoadingState>Reading the graph…</LoadingState>;
  return <GraphStage trialId={trialId} view={view} />;
}
