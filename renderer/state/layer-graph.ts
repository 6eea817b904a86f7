import { useMemo } from 'react';
import { MOST_DETAILED } from '../../main/contract/layer-words.ts';
import type { LayerTable } from '../../main/contract/layers.ts';
import type { GraphView } from '../../main/contract/studio.ts';
import { layerGraph } from './graph-of-layers.ts';
import { useTrialGraph } from './queries.ts';

/** The graph of layers; null until its details have come, which only graphs of moderate size have. */
export function useLayerGraph(trialId: string, table: LayerTable): GraphView | null {
  const detailed = table.nodeNames.length <= MOST_DETAILED;
  const written = useTrialGraph(detailed ? trialId : null);
  const waits = detailed && written.isPending;
  return useMemo(() => (waits ? null : layerGraph(table, written.data ?? null)), [waits, table, written.data]);
}
