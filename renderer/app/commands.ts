import { chooseModel } from '../tasks/home/choose-model.ts';
import { graphController } from '../tasks/graph/store.ts';
import { closeModel, evaluateTrial, openModel, profileShown } from '../state/actions.ts';
import { copyText } from '../state/clipboard.ts';
import { showDialog } from '../state/dialogs.ts';
import { activeJobs, cancelJob, useJobs } from '../state/jobs.ts';
import { copyLayerJson } from '../state/layer-json.ts';
import { OVERLAY_TITLES, OVERLAYS, useOverlay } from '../state/overlay.ts';
import { useRecipe } from '../state/recipe.ts';
import { clearSelection, selectLayer, useSelection } from '../state/selection.ts';
import { showTrial, shownTrialId, useSession } from '../state/session.ts';
import type { Panel } from '../state/panels.ts';
import { TABS, TAB_TITLES } from '../state/tabs.ts';
import { isPanelOpen, openPanel, showTab, useUi } from '../state/ui.ts';
import type { GraphSwitch } from '../state/ui-layout.ts';
import type { Shortcut } from './shortcuts.ts';

export const MENUS = ['File', 'Edit', 'View', 'Model', 'Help'] as const;
export type MenuName = (typeof MENUS)[number];

/** Something that can be done from a menu, the palette or a key. */
export interface Command {
  /** Stable: the native menu sends it. */
  readonly id: string;
  readonly title: string;
  readonly menu: MenuName;
  /** Groups of a menu are divided by a line. */
  readonly section: string;
  readonly shortcuts: readonly Shortcut[];
  /** Whether the key also works while a text is being written. */
  readonly whileTyping: boolean;
  readonly run: () => void;
  readonly enabled: () => boolean;
  /** For commands that switch something: whether it is on. */
  readonly checked: (() => boolean) | null;
}

type CommandPart = Pick<Command, 'id' | 'title' | 'run'> &
  Partial<Omit<Command, 'shortcuts'>> & { readonly keys?: readonly Shortcut[] };

const always = (): boolean => true;
const hasModel = (): boolean => useSession.getState().model !== null;
const hasLayer = (): boolean => useSelection.getState().layer !== null;
const hasSelection = (): boolean => hasLayer() || useSelection.getState().marked.size > 0;
const onGraph = (): boolean => hasModel() && useUi.getState().tab === 'graph';

function commandsOf(menu: MenuName, section: string, parts: readonly CommandPart[]): readonly Command[] {
  return parts.map(({ keys, ...part }) => ({
    menu,
    section,
    shortcuts: keys ?? [],
    whileTyping: false,
    enabled: always,
    checked: null,
    ...part,
  }));
}

const file: readonly Command[] = [
  ...commandsOf('File', 'open', [
    { id: 'file.open', title: 'Open…', keys: ['Mod+O'], whileTyping: true, run: () => void chooseModel() },
    { id: 'file.close', title: 'Close Model', enabled: hasModel, run: closeModel },
  ]),
  ...commandsOf('File', 'export', [
    { id: 'file.export', title: 'Export…', keys: ['Mod+Shift+E'], enabled: hasModel, run: () => showTab('export') },
    { id: 'file.picture', title: 'Save Picture of the Graph…', enabled: onGraph, run: graphController.picture },
  ]),
  ...commandsOf(
    'File',
    'recent',
    Array.from({ length: 9 }, (_, index) => ({
      id: `file.recent.${index + 1}`,
      title: `Open Recent ${index + 1}`,
      keys: [`Mod+${index + 1}`],
      enabled: () => useSession.getState().recents[index]?.available === true,
      run: () => openRecent(index),
    })),
  ),
];

const edit: readonly Command[] = [
  ...commandsOf('Edit', 'history', [
    {
      id: 'edit.undo',
      title: 'Undo',
      keys: ['Mod+Z'],
      enabled: () => useRecipe.getState().past.length > 0,
      run: () => useRecipe.getState().undo(),
    },
    {
      id: 'edit.redo',
      title: 'Redo',
      keys: ['Mod+Shift+Z', 'Mod+Y'],
      enabled: () => useRecipe.getState().future.length > 0,
      run: () => useRecipe.getState().redo(),
    },
  ]),
  ...commandsOf('Edit', 'find', [
    { id: 'edit.find', title: 'Find Layer', keys: ['Mod+F'], whileTyping: true, enabled: hasModel, run: focusSearch },
    {
      id: 'edit.copyName',
      title: 'Copy Layer Name',
      enabled: hasLayer,
      run: () => void copyText(useSelection.getState().layer ?? ''),
    },
    {
      id: 'edit.copyJson',
      title: 'Copy Layer as JSON',
      enabled: hasLayer,
      run: () => void copyLayerJson(useSelection.getState().layer ?? ''),
    },
    { id: 'edit.clear', title: 'Clear Selection', enabled: hasSelection, run: clearSelection },
  ]),
];

const view: readonly Command[] = [
  ...commandsOf(
    'View',
    'tasks',
    TABS.map((tab, index) => ({
      id: `view.task.${tab}`,
      title: TAB_TITLES[tab],
      keys: [`Alt+${index + 1}`],
      enabled: hasModel,
      checked: () => useUi.getState().tab === tab,
      run: () => showTab(tab),
    })),
  ),
  ...commandsOf('View', 'panels', [
    panelSwitch('view.outline', 'Outline', 'outline', []),
    panelSwitch('view.recipe', 'Recipe', 'recipe', []),
    panelSwitch('view.properties', 'Properties', 'properties', ['Mod+Enter']),
    panelSwitch('view.table', 'Layers Table', 'table', ['Mod+J']),
  ]),
  ...commandsOf('View', 'graph', [
    switchOf('view.attributes', 'Attributes', 'showAttributes', ['Mod+D']),
    switchOf('view.weights', 'Weights', 'showWeights', ['Mod+I']),
    switchOf('view.names', 'Names', 'showNames', ['Mod+U']),
    switchOf('view.asWritten', 'Nodes as Written', 'asWritten', []),
    switchOf('view.wideEdges', 'Edges by Bytes', 'wideEdges', []),
    switchOf('view.minimap', 'Minimap', 'minimap', []),
    {
      id: 'view.direction',
      title: 'Left to Right',
      keys: ['Mod+Shift+K'],
      checked: () => useUi.getState().direction === 'right',
      run: () => useUi.getState().set({ direction: useUi.getState().direction === 'down' ? 'right' : 'down' }),
    },
    {
      id: 'view.wheel',
      title: 'Mouse Wheel Zooms',
      keys: ['Mod+M'],
      checked: () => useUi.getState().wheel === 'zoom',
      run: () => useUi.getState().set({ wheel: useUi.getState().wheel === 'pan' ? 'zoom' : 'pan' }),
    },
  ]),
  ...commandsOf('View', 'zoom', [
    { id: 'view.zoomIn', title: 'Zoom In', keys: ['Shift+ArrowUp'], enabled: onGraph, run: graphController.zoomIn },
    {
      id: 'view.zoomOut',
      title: 'Zoom Out',
      keys: ['Shift+ArrowDown'],
      enabled: onGraph,
      run: graphController.zoomOut,
    },
    {
      id: 'view.actualSize',
      title: 'Actual Size',
      keys: ['Shift+Backspace'],
      enabled: onGraph,
      run: graphController.actualSize,
    },
    { id: 'view.fit', title: 'Fit Graph', enabled: onGraph, run: graphController.fit },
  ]),
  ...commandsOf(
    'View',
    'overlay',
    OVERLAYS.map((metric) => ({
      id: `view.overlay.${metric}`,
      title: `Overlay: ${OVERLAY_TITLES[metric]}`,
      enabled: hasModel,
      checked: () => useOverlay.getState().metric === metric,
      run: () => {
        showTab('graph');
        useOverlay.getState().setMetric(metric);
      },
    })),
  ),
  ...commandsOf(
    'View',
    'theme',
    (['auto', 'light', 'dark'] as const).map((theme) => ({
      id: `view.theme.${theme}`,
      title: { auto: 'Theme: as the System', light: 'Theme: Light', dark: 'Theme: Dark' }[theme],
      checked: () => useUi.getState().theme === theme,
      run: () => useUi.getState().set({ theme }),
    })),
  ),
  ...commandsOf('View', 'window', [
    { id: 'view.reload', title: 'Reload', keys: ['F5'], run: () => globalThis.location.reload() },
    { id: 'view.fullScreen', title: 'Full Screen', keys: ['F11'], run: () => void toggleFullScreen() },
  ]),
];

const model: readonly Command[] = [
  ...commandsOf('Model', 'measure', [
    { id: 'model.profile', title: 'Profile', keys: ['F9'], enabled: hasModel, run: () => void profileShown() },
    {
      id: 'model.evaluate',
      title: 'Evaluate on All Samples',
      enabled: () => hasModel() && useSession.getState().datasetId !== null,
      run: evaluateShown,
    },
    { id: 'model.run', title: 'Run Once, Look at Values…', enabled: hasModel, run: () => showDialog('run') },
    { id: 'model.accuracy', title: 'Accuracy in Detail…', enabled: hasModel, run: () => showDialog('accuracy') },
    {
      id: 'model.cancel',
      title: 'Cancel All Jobs',
      enabled: () => activeJobs(useJobs.getState().jobs).length > 0,
      run: () => {
        for (const job of activeJobs(useJobs.getState().jobs)) void cancelJob(job.id);
      },
    },
  ]),
  ...commandsOf('Model', 'show', [
    {
      id: 'model.baseline',
      title: 'Show the Baseline',
      enabled: hasModel,
      run: () => showTrial(useSession.getState().a),
    },
    {
      id: 'model.properties',
      title: 'Model Properties',
      enabled: hasModel,
      run: () => {
        selectLayer(null, 'command');
        openPanel('properties');
      },
    },
    {
      id: 'model.copyPath',
      title: 'Copy Path',
      enabled: hasModel,
      run: () => void copyText(useSession.getState().model?.entry.path ?? ''),
    },
  ]),
];

const help: readonly Command[] = commandsOf('Help', 'help', [
  {
    id: 'help.palette',
    title: 'Command Palette…',
    keys: ['Mod+K', 'Mod+Shift+P'],
    whileTyping: true,
    run: () => showDialog('palette'),
  },
  { id: 'help.keys', title: 'Keyboard and Search…', keys: ['?'], run: () => showDialog('keys') },
  { id: 'help.machine', title: 'This Machine and Its Providers…', run: () => showDialog('machine') },
  { id: 'help.about', title: 'About Lapidary', run: () => showDialog('about') },
]);

/** Everything that menus, the palette and keys can do. */
export const COMMANDS: readonly Command[] = [...file, ...edit, ...view, ...model, ...help];

/** Runs a command by its id when it can run now; says whether it did. */
export function runCommand(id: string): boolean {
  const command = COMMANDS.find((candidate) => candidate.id === id);
  if (command === undefined || !command.enabled()) return false;
  command.run();
  return true;
}

function switchOf(id: string, title: string, key: GraphSwitch, keys: readonly Shortcut[]): CommandPart {
  return { id, title, keys, checked: () => useUi.getState()[key], run: () => useUi.getState().toggle(key) };
}

function panelSwitch(id: string, title: string, panel: Panel, keys: readonly Shortcut[]): CommandPart {
  return { id, title, keys, checked: () => isPanelOpen(panel), run: () => openPanel(panel, !isPanelOpen(panel)) };
}

function evaluateShown(): void {
  const trialId = shownTrialId(useSession.getState());
  if (trialId !== null) void evaluateTrial(trialId);
}

function openRecent(index: number): void {
  const entry = useSession.getState().recents[index];
  if (entry !== undefined) void openModel({ path: entry.path }, entry.name);
}

function focusSearch(): void {
  openPanel('outline');
  // The panel may only now be drawn.
  requestAnimationFrame(() => {
    const search = document.querySelector<HTMLInputElement>('#outline-search');
    search?.focus();
    search?.select();
  });
}

async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement === null) await document.documentElement.requestFullscreen();
  else await document.exitFullscreen();
}
