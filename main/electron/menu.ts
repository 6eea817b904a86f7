import { Menu, app, type MenuItemConstructorOptions } from 'electron';
import { MENU, type MenuEntry } from './menu-entries.ts';

/** Tells the window that a command was chosen. */
export type RunCommand = (id: string) => void;

/** Puts up the application's menu. Keys are shown here and handled by the window, which knows what has the focus. */
export function installMenu(run: RunCommand): void {
  const items = (entries: readonly MenuEntry[]): MenuItemConstructorOptions[] =>
    entries.map((entry) => {
      if (entry === null) return { type: 'separator' };
      const [id, label, accelerator] = entry;
      const key = accelerator === undefined ? {} : { accelerator, registerAccelerator: false };
      return { id, label, ...key, click: () => run(id) };
    });
  const line: MenuItemConstructorOptions = { type: 'separator' };
  const mac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { label: 'File', submenu: [...items(MENU.FILE), ...(mac ? [] : [line, { role: 'quit' } as const])] },
    {
      label: 'Edit',
      submenu: [
        ...items(MENU.EDIT),
        line,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        line,
        ...items(MENU.FIND),
      ],
    },
    {
      label: 'View',
      submenu: [
        ...items(MENU.VIEW),
        line,
        { role: 'reload' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
        { role: 'togglefullscreen' },
      ],
    },
    { label: 'Model', submenu: items(MENU.MODEL) },
    { role: 'windowMenu' },
    { role: 'help', label: 'Help', submenu: items(MENU.HELP) },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
