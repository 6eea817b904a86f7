import { Menu } from '@mantine/core';
import { IconBinary, IconCheck, IconCopy, IconFold, IconLayoutBottombar, IconLock, IconBan } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { copyText } from '../../../state/clipboard.ts';
import { LAYER_PRECISIONS } from '../../../../main/contract/recipe/quantize-static.ts';
import { precisionBy, PRECISION_TITLES, setPrecision } from '../../../state/precision.ts';
import { excludedBy, setExcluded, useRecipe } from '../../../state/recipe.ts';
import { selectLayer } from '../../../state/selection.ts';
import { openPanel } from '../../../state/ui.ts';
import type { GraphHit } from '../../../viz/graph/graph-canvas.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
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
  const unquantized = useRecipe(({ draft, chosen }) => excludedBy(draft, 'quantize', chosen));
  const unpruned = useRecipe(({ draft, chosen }) => excludedBy(draft, 'prune', chosen));
  const group = hit.kind === 'layer' ? undefined : groupsIn(tree).get(hit.id);
  const layers = group === undefined ? [hit.id] : [...leavesOf(group)];
  const own = useRecipe(({ draft, chosen }) => (group === undefined ? precisionBy(draft, chosen, hit.id) : null));
  const kept = layers.every((layer) => unquantized.includes(layer));
  const frozen = layers.every((layer) => unpruned.includes(layer));
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
        <Menu.Item leftSection={<IconBan size={14} />} onClick={() => setExcluded('quantize', layers, !kept)}>
          {kept ? 'Allow quantization' : 'Exclude from quantization'}
        </Menu.Item>
        <Menu.Sub>
          <Menu.Sub.Target>
            <Menu.Sub.Item leftSection={<IconBinary size={14} />}>Precision</Menu.Sub.Item>
          </Menu.Sub.Target>
          <Menu.Sub.Dropdown>
            <Menu.Item onClick={() => setPrecision(layers, null)}>As the step says</Menu.Item>
            {LAYER_PRECISIONS.map((precision) => (
              <Menu.Item
                key={precision}
                rightSection={precision === own ? <IconCheck size={12} /> : undefined}
                onClick={() => setPrecision(layers, precision)}
              >
                {PRECISION_TITLES[precision]}
              </Menu.Item>
            ))}
          </Menu.Sub.Dropdown>
        </Menu.Sub>
        <Menu.Item leftSection={<IconLock size={14} />} onClick={() => setExcluded('prune', layers, !frozen)}>
          {frozen ? 'Allow pruning' : 'Freeze for pruning'}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => void copyText(hit.id)}>
          Copy name
        </Menu.Item>
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
