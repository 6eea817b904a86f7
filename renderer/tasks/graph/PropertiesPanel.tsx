import { ActionIcon } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { layerAt } from '../../../main/judge/layer-table.ts';
import { Panel } from '../../design/Panel.tsx';
import { useLayerFacts } from '../../state/layer-facts.ts';
import type { LayerFacts } from '../../state/layer-facts.ts';
import { layerGraph, layerNode } from '../../state/graph-of-layers.ts';
import { useTrialGraph, useTrialLayer, useTrialLayers } from '../../state/queries.ts';
import { selectLayer, useSelection } from '../../state/selection.ts';
import { useSession, useShownTrial } from '../../state/session.ts';
import { useFold } from '../../widgets/use-fold.ts';
import { buildScopeTree, groupsIn } from '../../viz/graph/scope-tree.ts';
import { leavesOf } from './model.ts';
import { GroupProperties } from './parts/GroupProperties.tsx';
import { LayerProperties } from './parts/LayerProperties.tsx';
import { ModelProperties } from './parts/ModelProperties.tsx';
import { useGraph } from './store.ts';

/** All that is known of the selected layer or group, or of the model when none is selected. */
export function PropertiesPanel(): ReactNode {
  const fold = useFold('properties');
  const trial = useShownTrial();
  const table = useTrialLayers(trial?.id ?? null).data ?? null;
  const layers = useLayerFacts();
  const model = useSession((state) => state.model);
  const name = useSelection((state) => state.layer);
  const facts = layers.find((layer) => layer.name === name);
  const written = useTrialLayer(trial?.id ?? null, facts?.name ?? null).data;
  const node = useMemo(
    () =>
      table === null || facts === undefined ? undefined : layerNode(layerAt(table, facts.index), written?.nodes ?? []),
    [table, facts, written],
  );
  const graph = useMemo(() => (table === null ? null : layerGraph(table, null)), [table]);
  // Nodes as they are written, and those within functions, are no layers.
  const raw = facts === undefined && name !== null && table !== null;
  const group = useGraph((state) => (name === null ? state.group : null));
  const members = useMemo(() => layersOfGroup(layers, group), [layers, group]);
  const selected = facts !== undefined && node !== undefined && graph !== null && trial !== undefined;
  return (
    <Panel
      title="Properties"
      fold={fold}
      note={selected ? undefined : members === null ? 'of the model' : 'of a group'}
      actions={
        (selected || raw || members !== null) && (
          <ActionIcon aria-label="Clear the selection" onClick={() => selectLayer(null, 'command')}>
            <IconX size={13} />
          </ActionIcon>
        )
      }
    >
      {raw ? (
        trial !== undefined && <WrittenNode key={name} trialId={trial.id} name={name} />
      ) : selected ? (
        <LayerProperties key={node.name} trialId={trial.id} facts={facts} node={node} graph={graph} />
      ) : members !== null && group !== null ? (
        <GroupProperties id={group} layers={members} />
      ) : (
        model !== null && trial !== undefined && <ModelProperties model={model} trial={trial} graph={graph} />
      )}
    </Panel>
  );
}

/** A node of the file that is no layer by its own name. */
function WrittenNode({ trialId, name }: { readonly trialId: string; readonly name: string }): ReactNode {
  const graph = useTrialGraph(trialId).data;
  const node = graph?.nodes.find((candidate) => candidate.name === name);
  if (graph === undefined || node === undefined) return null;
  return <LayerProperties trialId={trialId} facts={null} node={node} graph={graph} />;
}

/** The layers below a scope, constants too; null when there is no such group. */
function layersOfGroup(layers: readonly LayerFacts[], id: string | null): readonly LayerFacts[] | null {
  if (id === null) return null;
  const tree = buildScopeTree({ nodes: layers.map((layer) => ({ ...layer, rows: [] })) });
  const group = groupsIn(tree).get(id);
  if (group === undefined) return null;
  const names = new Set(leavesOf(group));
  return layers.filter((layer) => names.has(layer.name));
}
