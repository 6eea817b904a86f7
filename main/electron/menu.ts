import { Menu, app, type MenuItemConstructorOptions } from 'electron';

/** Tells the window that a command was chosen. */
export type RunCommand = (id: string) => void;

/** [command id, label, key]; null: a dividing line. The ids are those of the window's command registry. */
type Entry = readonly [id: string, label: string, key?: string] | null;

const FILE: readonly Entry[] = [
  ['file.open', 'Open…', 'CmdOrCtrl+O'],
  ['file.close', 'Close Model'],
  null,
  ['file.export', 'Export…', 'CmdOrCtrl+Shift+E'],
  ['file.picture', 'Save Picture of the Graph'],
];

const EDIT: readonly Entry[] = [
  ['edit.undo', 'Undo', 'CmdOrCtrl+Z'],
  ['edit.redo', 'Redo', 'CmdOrCtrl+Shift+Z'],
];

const FIND: readonly Entry[] = [
  ['edit.find', 'Find Layer', 'CmdOrCtrl+F'],
  ['edit.copyName', 'Copy Layer Name'],
  ['edit.clear', 'Clear Selection'],
];

const VIEW: readonly Entry[] = [
  ['view.task.graph', 'Graph', 'Alt+1'],
  ['view.task.profile', 'Profile', 'Alt+2'],
  ['view.task.quantize', 'Quantize', 'Alt+3'],
  ['view.task.prune', 'Prune', 'Alt+4'],
  ['view.task.tradeoff', 'Trade-off', 'Alt+5'],
  ['view.task.compare', 'Compare', 'Alt+6'],
  ['view.task.export', 'Export', 'Alt+7'],
  null,
  ['view.outline', 'Outline'],
  ['view.properties', 'Properties', 'CmdOrCtrl+Enter'],
  ['view.table', 'Layers Table', 'CmdOrCtrl+J'],
  null,
  ['view.attributes', 'Attributes', 'CmdOrCtrl+D'],
  ['view.weights', 'Weights', 'CmdOrCtrl+I'],
  ['view.names', 'Names', 'CmdOrCtrl+U'],
  ['view.direction', 'Direction', 'CmdOrCtrl+Shift+K'],
  null,
  ['view.zoomIn', 'Zoom In', 'Shift+Up'],
  ['view.zoomOut', 'Zoom Out', 'Shift+Down'],
  ['view.actualSize', 'Actual Size', 'Shift+Backspace'],
  ['view.fit', 'Fit Graph', 'Space'],
  null,
  ['view.theme.auto', 'Theme: as the System'],
  ['view.theme.light', 'Theme: Light'],
  ['view.theme.dark', 'Theme: Dark'],
];

const MODEL: readonly Entry[] = [
  ['model.profile', 'Profile', 'F9'],
  ['model.cancel', 'Cancel All Jobs'],
  null,
  ['model.baseline', 'Show the Baseline'],
  ['model.properties', 'Model Properties'],
  ['model.copyPath', 'Copy Path'],
];

const HELP: readonly Entry[] = [
  ['help.palette', 'Command Palette…', 'CmdOrCtrl+K'],
  ['help.keys', 'Keyboard and Search…'],
  ['help.about', 'About Lapidary'],
];

/** Every command id that the menu sends. */
export const MENU_COMMANDS: readonly string[] = [FILE, EDIT, FIND, VIEW, MODEL, HELP]
  .flat()
  .flatMap((entry) => (entry === null ? [] : [entry[0]]));

/** Puts up the application's menu. Keys are shown here and handled by the window, which knows what has the focus. */
export function installMenu(run: RunCommand): void {
  const items = (entries: readonly Entry[]): MenuItemConstructorOptions[] =>
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
    { label: 'File', submenu: [...items(FILE), ...(mac ? [] : [line, { role: 'quit' } as const])] },
    {
      label: 'Edit',
      submenu: [...items(EDIT), line, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, line, ...items(FIND)],
    },
    {
      label: 'View',
      submenu: [
        ...items(VIEW),
        line,
        { role: 'reload' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
        { role: 'togglefullscreen' },
      ],
    },
    { label: 'Model', submenu: items(MODEL) },
    { role: 'windowMenu' },
    { role: 'help', label: 'Help', submenu: items(HELP) },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
