/** [command id, label, key]; null: a dividing line. The ids are those of the window's command registry. */
export type MenuEntry = readonly [id: string, label: string, key?: string] | null;

const FILE: readonly MenuEntry[] = [
  ['file.open', 'Open…', 'CmdOrCtrl+O'],
  ['file.close', 'Close Model'],
  null,
  ['file.export', 'Export…', 'CmdOrCtrl+Shift+E'],
  ['file.picture', 'Save Picture of the Graph…'],
];

const EDIT: readonly MenuEntry[] = [
  ['edit.undo', 'Undo', 'CmdOrCtrl+Z'],
  ['edit.redo', 'Redo', 'CmdOrCtrl+Shift+Z'],
];

const FIND: readonly MenuEntry[] = [
  ['edit.find', 'Find Layer', 'CmdOrCtrl+F'],
  ['edit.copyName', 'Copy Layer Name'],
  ['edit.copyJson', 'Copy Layer as JSON'],
  ['edit.clear', 'Clear Selection'],
];

const VIEW: readonly MenuEntry[] = [
  ['view.task.graph', 'Graph', 'Alt+1'],
  ['view.task.profile', 'Profile', 'Alt+2'],
  ['view.task.doctor', 'Doctor', 'Alt+3'],
  ['view.task.quantize', 'Quantize', 'Alt+4'],
  ['view.task.prune', 'Prune', 'Alt+5'],
  ['view.task.distill', 'Distill', 'Alt+6'],
  ['view.task.tradeoff', 'Trade-off', 'Alt+7'],
  ['view.task.compare', 'Compare', 'Alt+8'],
  ['view.task.export', 'Export', 'Alt+9'],
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

const MODEL: readonly MenuEntry[] = [
  ['model.profile', 'Profile', 'F9'],
  ['model.evaluate', 'Evaluate on All Samples'],
  ['model.run', 'Run Once, Look at Values…'],
  ['model.accuracy', 'Accuracy in Detail…'],
  ['model.cancel', 'Cancel All Jobs'],
  null,
  ['model.baseline', 'Show the Baseline'],
  ['model.properties', 'Model Properties'],
  ['model.copyPath', 'Copy Path'],
];

const HELP: readonly MenuEntry[] = [
  ['help.palette', 'Command Palette…', 'CmdOrCtrl+K'],
  ['help.keys', 'Keyboard and Search…'],
  ['help.machine', 'This Machine and Its Providers…'],
  ['help.about', 'About Lapidary'],
];

/** What stands in the application's menu; the system's own items (cut, reload, quit …) are added by `menu.ts`. */
export const MENU = { FILE, EDIT, FIND, VIEW, MODEL, HELP } as const;

/** Every command id that the menu sends. */
export const MENU_COMMANDS: readonly string[] = Object.values(MENU)
  .flat()
  .flatMap((entry) => (entry === null ? [] : [entry[0]]));
