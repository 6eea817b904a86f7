import { ActionIcon } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Panel } from '../../design/Panel.tsx';
import { useLayerFacts } from '../../state/layer-facts.ts';
import { useTrialGraph, valueOf } from '../../state/results.ts';
import { selectLayer, useSelection } from '../../state/selection.ts';
import { useSession, useShownTrial } from '../../state/session.ts';
import { LayerProperties } from './parts/LayerProperties.tsx';
import { ModelProperties } from './parts/ModelProperties.tsx';

/** All that is known of the selected layer, or of the model when none is selected. */
export function PropertiesPanel(): ReactNode {
  const trial = useShownTrial();
  const graph = valueOf(useTrialGraph(trial?.id ?? null));
  const layers = useLayerFacts();
  const model = useSession((state) => state.model);
  const name = useSelection((state) => state.layer);
  const facts = layers.find((layer) => layer.name === name);
  const node = graph?.nodes[facts?.index ?? -1];
  const selected = facts !== undefined && node !== undefined && graph !== null && trial !== undefined;
  return (
    <Panel
      title="Properties"
      note={selected ? undefined : 'of the model'}
      actions={
        selected && (
          <ActionIcon aria-label="Clear the selection" onClick={() => selectLayer(null, 'command')}>
            <IconX size={13} />
          </ActionIcon>
        )
      }
    >
      {selected ? (
        <LayerProperties key={node.name} trialId={trial.id} facts={facts} node={node} graph={graph} />
      ) : (
        model !== null && trial !== undefined && <ModelProperties model={model} trial={trial} graph={graph} />
      )}
    </Panel>
  );
}
