import { ActionIcon, Menu } from '@mantine/core';
import { IconChevronUp, IconCopy, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { copyText } from '../state/clipboard.ts';
import { markLayers, useSelection } from '../state/selection.ts';
import { LayerActions } from '../widgets/layers/LayerActions.tsx';
import classes from './StatusBar.module.css';

/** How many layers are selected together, and what can be done to all of them. */
export function MarkedLayers(): ReactNode {
  const marked = useSelection((state) => state.marked);
  if (marked.size === 0) return null;
  const layers = [...marked];
  const words = `${layers.length.toLocaleString('en')} layer${layers.length === 1 ? '' : 's'} selected`;
  return (
    <span className={classes['marked']}>
      <Menu position="top-start" withinPortal>
        <Menu.Target>
          <button type="button" className={classes['more']}>
            {words} <IconChevronUp size={11} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{words}</Menu.Label>
          <LayerActions layers={layers} />
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconCopy size={14} />}
            onClick={() => void copyText(layers.join('\n'), `${layers.length} names copied`)}
          >
            Copy names
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ActionIcon size={18} aria-label="Select no layers" title="Select none" onClick={() => markLayers([], 'set')}>
        <IconX size={12} />
      </ActionIcon>
    </span>
  );
}
