/** The layout of the window and the choices of view, as kept over restarts; free of stores, since the first picture reads it. */
import { START_PANELS } from './panels.ts';
import type { PanelChoices } from './panels.ts';
import type { Tab } from './tabs.ts';

/** What the graph's nodes show. */
export type GraphSwitch = 'showNames' | 'showAttributes' | 'showWeights' | 'asWritten' | 'wideEdges' | 'minimap';

export interface UiLayout {
  readonly tab: Tab;
  readonly panels: PanelChoices;
  /** Graph: names of nodes instead of operators only. */
  readonly showNames: boolean;
  readonly showAttributes: boolean;
  readonly showWeights: boolean;
  /** Graph: the nodes of the trial's file instead of the layers that they serve. */
  readonly asWritten: boolean;
  /** Graph: edges as wide as their values have bytes. */
  readonly wideEdges: boolean;
  /** Graph: the whole in little over a corner. */
  readonly minimap: boolean;
  readonly direction: 'down' | 'right';
  /** What the wheel does on the graph: scroll to pan (Ctrl to zoom), or zoom. */
  readonly wheel: 'pan' | 'zoom';
  readonly theme: 'auto' | 'light' | 'dark';
}

export const START_LAYOUT: UiLayout = {
  tab: 'graph',
  panels: START_PANELS,
  showNames: false,
  showAttributes: false,
  showWeights: true,
  asWritten: false,
  wideEdges: false,
  minimap: true,
  direction: 'down',
  wheel: 'pan',
  theme: 'auto',
};
