import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconBookmark, IconBookmarkPlus, IconSelectAll, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useSavedQueries } from '../../state/saved-queries.ts';
import { markLayers } from '../../state/selection.ts';
import classes from './QueryInput.module.css';

interface QueryMenuProps {
  readonly query: string;
  readonly found: () => readonly string[];
  readonly onTake: (query: string) => void;
}

/** Queries to begin with. */
const EXAMPLES: readonly (readonly [query: string, meaning: string])[] = [
  ['time:top10', 'the ten slowest layers'],
  ['is:parametric dtype:float32', 'weights computed in float'],
  ['sqnr:bottom10', 'the ten that quantization hurts most'],
  ['macs>1M gmacs<5', 'much work, slowly done'],
  ['@group>1', 'grouped and depthwise'],
  ['params:top5 | memory:top5', 'the largest'],
];

/** What can be done with a query: select all that it finds, keep it, take up another. */
export function QueryMenu({ query, found, onTake }: QueryMenuProps): ReactNode {
  const saved = useSavedQueries((state) => state.saved);
  const text = query.trim();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Tooltip label="Queries">
          <ActionIcon aria-label="Queries" size={18}>
            <IconBookmark size={13} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown mah="60vh" style={{ overflowY: 'auto' }}>
        <Menu.Item
          leftSection={<IconSelectAll size={14} />}
          disabled={text === ''}
          onClick={() => markLayers(found(), 'set')}
        >
          Select all that are found
        </Menu.Item>
        <Menu.Item
          leftSection={<IconBookmarkPlus size={14} />}
          disabled={text === '' || saved.includes(text)}
          onClick={() => useSavedQueries.getState().save(text)}
        >
          Keep this query
        </Menu.Item>
        {saved.length > 0 && <Menu.Label>Kept</Menu.Label>}
        {saved.map((one) => (
          <Menu.Item key={one} onClick={() => onTake(one)}>
            <span className={`lap-mono ${classes['saved']}`}>{one}</span>
          </Menu.Item>
        ))}
        {saved.length > 0 && (
          <Menu.Sub>
            <Menu.Sub.Target>
              <Menu.Sub.Item leftSection={<IconTrash size={14} />}>Forget</Menu.Sub.Item>
            </Menu.Sub.Target>
            <Menu.Sub.Dropdown>
              {saved.map((one) => (
                <Menu.Item key={one} onClick={() => useSavedQueries.getState().remove(one)}>
                  <span className={`lap-mono ${classes['saved']}`}>{one}</span>
                </Menu.Item>
              ))}
            </Menu.Sub.Dropdown>
          </Menu.Sub>
        )}
        <Menu.Label>To begin with</Menu.Label>
        {EXAMPLES.map(([one, meaning]) => (
          <Menu.Item
            key={one}
            onClick={() => onTake(one)}
            rightSection={<span className={classes['note']}>{meaning}</span>}
          >
            <span className="lap-mono">{one}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
