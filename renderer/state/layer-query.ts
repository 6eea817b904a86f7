/** The query language over the layers of the shown trial, with their attributes where a query asks for them. */
import { useMemo } from 'react';
import type { GraphView } from '../../main/contract/studio.ts';
import type { LayerTable } from '../../main/contract/layers.ts';
import { nodesOf } from '../../main/judge/layer-table.ts';
import {
  asksAttributes,
  compileQuery,
  type CompiledQuery,
  type QueriedAttribute,
  type Surroundings,
} from '../../main/judge/query/layer-test.ts';
import { useLayerFacts } from './layer-facts.ts';
import type { LayerFacts } from './layer-facts.ts';
import { useTrialGraph, useTrialLayers } from './queries.ts';
import { useShownTrial } from './session.ts';

const NO_ATTRIBUTES: readonly QueriedAttribute[] = [];

/** The attributes of each layer: those of its main node. */
function attributesByLayer(table: LayerTable, written: GraphView): (layer: string) => readonly QueriedAttribute[] {
  const nodes = new Map(written.nodes.map((node) => [node.name, node.attributes]));
  const byLayer = new Map(table.names.map((name, index) => [name, nodes.get(nodesOf(table, index)[0] ?? name)]));
  return (layer) => byLayer.get(layer) ?? NO_ATTRIBUTES;
}

/** What a query can ask about now; attributes are fetched once one asks for them. */
export function useQuerySurroundings(query: string): Surroundings<LayerFacts> {
  const layers = useLayerFacts();
  const id = useShownTrial()?.id ?? null;
  const asked = useMemo(() => asksAttributes(query), [query]);
  const table = useTrialLayers(id).data ?? null;
  const written = useTrialGraph(asked ? id : null).data ?? null;
  const attributes = useMemo(
    () => (asked && table !== null && written !== null ? attributesByLayer(table, written) : null),
    [asked, table, written],
  );
  return useMemo(() => ({ layers, attributes }), [layers, attributes]);
}

/** The test that a query means for the layers of the shown trial, with what is wrong with it. */
export function useLayerQuery(query: string): CompiledQuery<LayerFacts> {
  const around = useQuerySurroundings(query);
  return useMemo(() => compileQuery(query, around), [query, around]);
}
