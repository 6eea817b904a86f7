import type { ReactNode } from 'react';
import type { LayerTable } from '../../../main/contract/layers.ts';
import { ErrorState } from '../../design/ErrorState.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { useLayerGraph } from '../../state/layer-graph.ts';
import { useTrialGraph, useTrialLayers } from '../../state/queries.ts';
import { useShownTrial } from '../../state/session.ts';
import { useUi } from '../../state/ui.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
import { GraphStage } from './GraphStage.tsx';

/** The graph of the shown trial: its layers, or the nodes as they are written. */
export function GraphView(): ReactNode {
  const trial = useShownTrial();
  const asWritten = useUi((state) => state.asWritten);
  if (trial?.status === 'failed' && trial.error !== null) return <ErrorState error={trial.error} />;
  if (trial === undefined) return <LoadingState>Reading the graph…</LoadingState>;
  return asWritten ? <Nodes trialId={trial.id} /> : <Layers trialId={trial.id} />;
}

interface TrialProps {
  readonly trialId: string;
}

/** One box for each layer of the opened model, whatever nodes serve it in this trial. */
function Layers({ trialId }: TrialProps): ReactNode {
  const layers = useTrialLayers(trialId);
  return (
    <Loaded query={layers} loading="Reading the graph…">
      {(table) => <LayerStage key={trialId} trialId={trialId} table={table} />}
    </Loaded>
  );
}

/** The nodes of the trial's file; what is open and where the camera stands is another matter than with the layers. */
function Nodes({ trialId }: TrialProps): ReactNode {
  const graph = useTrialGraph(trialId);
  const scene = `${trialId}|nodes`;
  return (
    <Loaded query={graph} loading="Reading the graph…">
      {(view) => <GraphStage key={scene} trialId={scene} view={view} />}
    </Loaded>
  );
}

function LayerStage({ trialId, table }: { readonly trialId: string; readonly table: LayerTable }): ReactNode {
  const view = useLayerGraph(trialId, table);
  if (view === null) return <LoadingState>Reading the graph…</LoadingState>;
  return <GraphStage trialId={trialId} view={view} />;
}
