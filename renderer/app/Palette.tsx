import { Spotlight, spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useLayerFacts } from '../state/layer-facts.ts';
import { showDialog, useDialogs } from '../state/dialogs.ts';
import { selectLayer } from '../state/selection.ts';
import { COMMANDS } from './commands.ts';
import classes from './Palette.module.css';
import { shortcutText } from './shortcuts.ts';

/** More than this cannot be looked over anyway. */
const LIMIT = 40;

/** Commands and layers by name. */
export function Palette(): ReactNode {
  const open = useDialogs((state) => state.dialog === 'palette');
  const layers = useLayerFacts();
  useEffect(() => {
    if (open) spotlight.open();
    else spotlight.close();
  }, [open]);
  const commands = open
    ? COMMANDS.filter((command) => command.enabled()).map((command) => ({
        id: command.id,
        label: command.title,
        description: command.menu,
        keywords: [command.menu],
        rightSection:
          command.shortcuts[0] === undefined ? null : (
            <kbd className={classes['key']}>{shortcutText(command.shortcuts[0])}</kbd>
          ),
        onClick: () => {
          showDialog(null);
          command.run();
        },
      }))
    : [];
  const found = open
    ? layers.map((layer) => ({
        id: `layer:${layer.name}`,
        label: layer.name,
        description: layer.op,
        onClick: () => {
          showDialog(null);
          selectLayer(layer.name, 'search');
        },
      }))
    : [];
  return (
    <Spotlight
      attributes={{ content: { 'aria-label': 'Command palette' } }}
      actions={[
        { group: 'Commands', actions: commands },
        { group: 'Layers', actions: found },
      ]}
      limit={LIMIT}
      scrollable
      maxHeight={440}
      shortcut={null}
      centered={false}
      yOffset={80}
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      nothingFound="Nothing is called that"
      highlightQuery
      onSpotlightClose={() => {
        // A command that opened another dialog keeps it.
        if (useDialogs.getState().dialog === 'palette') showDialog(null);
      }}
      searchProps={{
        size: 'md',
        placeholder: 'Commands and layers',
        leftSection: <IconSearch size={16} />,
        'aria-label': 'Command palette',
      }}
      classNames={{
        action: classes['action'] ?? '',
        actionBody: classes['body'] ?? '',
      }}
    />
  );
}
