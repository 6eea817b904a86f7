import { useEffect } from 'react';
import { desktop } from '../rpc/bridge.ts';
import { openModel } from '../state/actions.ts';
import { tell } from '../state/messages.ts';
import { COMMANDS, runCommand } from './commands.ts';
import { isTyping, matchesShortcut } from './shortcuts.ts';

/** Runs commands for keys, and for what the desktop's native menu and the system send. */
export function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const typing = isTyping(event.target);
      const command = COMMANDS.find(
        (candidate) =>
          (candidate.whileTyping || !typing) &&
          candidate.shortcuts.some((shortcut) => matchesShortcut(shortcut, event)),
      );
      // Browsers do reload and full screen themselves, and better.
      if (command === undefined || command.id === 'view.reload' || command.id === 'view.fullScreen') return;
      event.preventDefault();
      if (command.enabled()) command.run();
    };
    globalThis.addEventListener('keydown', onKeyDown);
    const bridge = desktop();
    const stops = [
      bridge?.onCommand((id, argument) => {
        if (id === 'file.openPath' && argument !== undefined) openPath(argument);
        else if (COMMANDS.some((command) => command.id === id)) runCommand(id);
        else tell('error', `There is no command '${id}'`, 'The menu and the window are of different versions.');
      }),
      bridge?.onOpenFile?.(openPath),
    ];
    return () => {
      globalThis.removeEventListener('keydown', onKeyDown);
      for (const stop of stops) stop?.();
    };
  }, []);
}

function openPath(path: string): void {
  void openModel({ path }, path.split(/[\\/]/).at(-1) ?? path);
}
