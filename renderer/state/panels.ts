/** The panels around a task, and where each stands in each task until it was folded or resized by hand. */
import type { Tab } from './tabs.ts';

export const PANELS = ['outline', 'recipe', 'properties', 'table'] as const;
export type Panel = (typeof PANELS)[number];

export const PANEL_TITLES: Readonly<Record<Panel, string>> = {
  outline: 'Outline',
  recipe: 'Recipe',
  properties: 'Properties',
  table: 'Layers',
};

/** What of the panels was changed by hand. */
export interface PanelChoices {
  /** By task: a panel is folded for the task in which it was folded. */
  readonly open: Partial<Record<Tab, Partial<Record<Panel, boolean>>>>;
  /** Pixels. Widths are the same in all tasks, so that nothing jumps; null: by the window's size. */
  readonly leftWidth: number;
  readonly rightWidth: number;
  readonly recipeHeight: number | null;
  readonly tableHeight: Partial<Record<Tab, number>>;
}

export const START_PANELS: PanelChoices = {
  open: {},
  leftWidth: 256,
  rightWidth: 304,
  recipeHeight: null,
  tableHeight: {},
};

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A window wider than this has room for every panel beside any picture. */
const WIDE = 1800;

/** Tasks whose picture is not of layers: the table and the properties of layers would only take its room. */
const ABOUT_TRIALS: ReadonlySet<Tab> = new Set(['tradeoff', 'compare', 'export']);

/** Whether a panel is open in a task: as it was left, else by what the task needs and the window has room for. */
export function isOpen(choices: PanelChoices, tab: Tab, panel: Panel, window: Size): boolean {
  const chosen = choices.open[tab]?.[panel];
  if (chosen !== undefined) return chosen;
  if (panel === 'table') return !ABOUT_TRIALS.has(tab);
  if (panel === 'properties') return tab === 'graph' || (window.width >= WIDE && !ABOUT_TRIALS.has(tab));
  return true;
}

/** The choices with a panel of a task opened or folded. */
export function withPanel(choices: PanelChoices, tab: Tab, panel: Panel, open: boolean): Pick<PanelChoices, 'open'> {
  return { open: { ...choices.open, [tab]: { ...choices.open[tab], [panel]: open } } };
}

/** Height of the layers table in a task, pixels: as it was left, else a quarter of the window within limits. */
export function tableHeight(choices: PanelChoices, tab: Tab, window: Size): number {
  return choices.tableHeight[tab] ?? Math.round(Math.min(360, Math.max(150, window.height * 0.25)));
}

/** Height of the recipe below the outline, pixels: as it was left, else two fifths of the window. */
export function recipeHeight(choices: PanelChoices, window: Size): number {
  return choices.recipeHeight ?? Math.round(window.height * 0.4);
}
