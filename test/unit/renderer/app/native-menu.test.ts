import { describe, expect, it } from 'vitest';
import { MENU, MENU_COMMANDS } from '../../../../main/electron/menu-entries.ts';
import { COMMANDS } from '../../../../renderer/app/commands.ts';
import { TABS } from '../../../../renderer/state/tabs.ts';

describe('the native menu', () => {
  const ids = new Set(COMMANDS.map((command) => command.id));

  it('sends only commands that the window knows', () => {
    expect(MENU_COMMANDS.length).toBeGreaterThan(30);
    expect(MENU_COMMANDS.filter((id) => !ids.has(id))).toEqual([]);
  });

  it('names no command twice', () => {
    expect(new Set(MENU_COMMANDS).size).toBe(MENU_COMMANDS.length);
  });

  it('has every task under the key that the window gives it', () => {
    const tasks = MENU.VIEW.flatMap((entry) => (entry?.[0].startsWith('view.task.') === true ? [entry] : []));
    expect(tasks.map(([id, , key]) => [id, key])).toEqual(
      TABS.map((tab, index) => [`view.task.${tab}`, `Alt+${index + 1}`]),
    );
  });
});
