import { Menu } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { Fragment, useState } from 'react';
import type { ReactNode } from 'react';
import { COMMANDS, MENUS } from './commands.ts';
import type { Command, MenuName } from './commands.ts';
import classes from './Menubar.module.css';
import { shortcutText } from './shortcuts.ts';

/** The menus in a browser; the desktop has its native ones. */
export function Menubar(): ReactNode {
  const [open, setOpen] = useState<MenuName | null>(null);
  return (
    <nav className={classes['bar']} aria-label="Menus">
      {MENUS.map((name) => (
        <Menu
          key={name}
          opened={open === name}
          onChange={(opened) => setOpen(opened ? name : null)}
          position="bottom-start"
          width={270}
          withinPortal
        >
          <Menu.Target>
            <button
              type="button"
              className={classes['menu']}
              data-open={open === name}
              onMouseEnter={() => open !== null && setOpen(name)}
            >
              {name}
            </button>
          </Menu.Target>
          <Menu.Dropdown className={classes['dropdown'] ?? ''}>{open === name && <Items menu={name} />}</Menu.Dropdown>
        </Menu>
      ))}
    </nav>
  );
}

function Items({ menu }: { readonly menu: MenuName }): ReactNode {
  const commands = COMMANDS.filter(
    (command) => command.menu === menu && (command.section !== 'recent' || command.enabled()),
  );
  return commands.map((command, index) => (
    <Fragment key={command.id}>
      {index > 0 && commands[index - 1]?.section !== command.section && <Menu.Divider />}
      <Item command={command} />
    </Fragment>
  ));
}

function Item({ command }: { readonly command: Command }): ReactNode {
  const shortcut = command.shortcuts[0];
  const keys = shortcut === undefined ? null : <span className={classes['shortcut']}>{shortcutText(shortcut)}</span>;
  if (command.checked !== null) {
    return (
      <Menu.CheckboxItem
        checked={command.checked()}
        disabled={!command.enabled()}
        closeMenuOnClick
        onChange={command.run}
        checkIcon={<IconCheck size={13} />}
        rightSection={keys}
      >
        {command.title}
      </Menu.CheckboxItem>
    );
  }
  return (
    <Menu.Item
      disabled={!command.enabled()}
      onClick={command.run}
      leftSection={<span className={classes['check']} />}
      rightSection={keys}
    >
      {command.title}
    </Menu.Item>
  );
}
