import { Menu } from '@mantine/core';
import { IconChevronDown, IconFolderOpen, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { chooseModel } from '../tasks/home/choose-model.ts';
import { closeModel, openModel } from '../state/actions.ts';
import { useSession } from '../state/session.ts';
import classes from './Chooser.module.css';

/** The open model; its menu opens another: file, recent, sample. */
export function ModelMenu(): ReactNode {
  const model = useSession((state) => state.model);
  const opening = useSession((state) => state.opening);
  const recents = useSession((state) => state.recents);
  const samples = useSession((state) => state.info?.samples);
  const name = opening === null ? (model?.entry.name ?? 'No model') : `Opening ${opening}…`;
  return (
    <Menu position="bottom-start" width={300}>
      <Menu.Target>
        <button type="button" className={classes['button']} aria-label={`Model: ${name}`}>
          <span className={classes['value']} style={{ maxWidth: 220 }}>
            {name}
          </span>
          <IconChevronDown size={12} className={classes['arrow'] ?? ''} />
        </button>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: 'auto' }}>
        <Menu.Item leftSection={<IconFolderOpen size={13} />} onClick={() => void chooseModel()}>
          Open…
        </Menu.Item>
        {model !== null && (
          <Menu.Item leftSection={<IconX size={13} />} onClick={closeModel}>
            Close model
          </Menu.Item>
        )}
        {recents.length > 0 && <Menu.Label>Recent</Menu.Label>}
        {recents.slice(0, 9).map((entry) => (
          <Menu.Item
            key={entry.id}
            disabled={!entry.available}
            title={entry.path}
            onClick={() => void openModel({ path: entry.path }, entry.name)}
          >
            {entry.name}
          </Menu.Item>
        ))}
        {(samples?.length ?? 0) > 0 && <Menu.Label>Samples</Menu.Label>}
        {samples?.map((sample) => (
          <Menu.Item key={sample.id} onClick={() => void openModel({ sample: sample.id }, sample.title)}>
            {sample.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
