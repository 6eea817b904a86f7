import { Menu } from '@mantine/core';
import { IconBraces, IconCopy, IconDownload, IconFold, IconLayoutBottombar } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { copyText } from '../../../state/clipboard.ts';
import { copyLayerJson, saveLayerJson } from '../../../state/layer-json.ts';
import { selectLayer } from '../../../state/selection.ts';
import { openPanel } from '../../../state/ui.ts';
import type { GraphHit } from '../../../viz/graph/graph-canvas.ts';
import { bodiesOf, groupsIn } from '../../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
import { LayerActions } from '../../../widgets/layers/LayerActions.tsx';
import { leavesOf } from '../model.ts';

interface LayerMenuProps {
  readonly hit: GraphHit;
  /** Window coordinates. */
  readonly at: { readonly x: number; readonly y: number };
  readonly tree: ScopeGroup;
  /** Whether the group is open. */
  readonly open: boolean;
  readonly onToggle: () => void;
  readonly onClose: () => void;
}

/** Overlay, then act: what can be done to the layer, or to all layers of the group, under the pointer. */
export function LayerMenu({ hit, at, tree, open, onToggle, onClose }: LayerMenuProps): ReactNode {
  const group = hit.kind === 'layer' ? undefined : groupsIn(tree).get(hit.id);
  const layers = group === undefined ? [hit.id] : [...leavesOf(group)];
  return (
    <Menu opened onClose={onClose} position="bottom-start" withinPortal trapFocus returnFocus>
      <Menu.Target>
        <span style={{ position: 'fixed', left: at.x, top: at.y, width: 0, height: 0 }} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{group === undefined ? hit.id : `${group.id} · ${group.layers} layers`}</Menu.Label>
        {group !== undefined && (
          <Menu.Item leftSection={<IconFold size={14} />} onClick={onToggle}>
            {open ? 'Collapse group' : 'Expand group'}
          </Menu.Item>
        )}
        {group === undefined && bodiesOf(tree, hit.id).length > 0 && (
          <Menu.Item leftSection={<IconFold size={14} />} onClick={onToggle}>
            {open ? 'Fold what it holds' : 'Open what it holds'}
          </Menu.Item>
        )}
        <LayerActions layers={layers} />
        <Menu.Divider />
        <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => void copyText(hit.id)}>
          Copy name
        </Menu.Item>
        {group === undefined && (
          <>
            <Menu.Item leftSection={<IconBraces size={14} />} onClick={() => void copyLayerJson(hit.id)}>
              Copy as JSON
            </Menu.Item>
            <Menu.Item leftSection={<IconDownload size={14} />} onClick={() => void saveLayerJson(hit.id)}>
              Save as JSON
            </Menu.Item>
          </>
        )}
        {group === undefined && (
          <Menu.Item
            leftSection={<IconLayoutBottombar size={14} />}
            onClick={() => {
              openPanel('table');
              selectLayer(hit.id, 'graph');
            }}
          >
            Show in table
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
