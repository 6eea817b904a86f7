import { SURFACES } from '../../design/surfaces.ts';
import { START_PANELS, isOpen, tableHeight } from '../../state/panels.ts';
import type { PanelChoices } from '../../state/panels.ts';
import { PREFIX, readKept, readText } from '../../state/persist.ts';
import { START_LAYOUT } from '../../state/ui-layout.ts';
import type { UiLayout } from '../../state/ui-layout.ts';

/** What this browser keeps of the window's layout; the start where that is nothing or of another version. */
export function keptLayout(): UiLayout {
  try {
    const kept = readKept<Partial<UiLayout>>(readText(`${PREFIX}ui`));
    if (kept?.version !== 2) return START_LAYOUT;
    return { ...START_LAYOUT, ...kept.state, panels: { ...START_PANELS, ...kept.state.panels } };
  } catch {
    return START_LAYOUT;
  }
}

/** Whether the theme is the dark one. */
export function isDark({ theme }: UiLayout): boolean {
  return theme === 'auto' ? globalThis.matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}

/** Heights and widths of the window's parts, as in their style sheets. */
const TITLE = 38;
const STATUS = 24;
const TABS = 32;
const SPLITTER = 1;
const RAIL = 29;
const FOLDED_TABLE = 29;

export interface FirstFrame {
  readonly canvas: HTMLCanvasElement;
  readonly remove: () => void;
}

/** The empty window around the graph, drawn until the window itself is there, its parts where that will have them. */
export function drawFirstFrame(layout: UiLayout): FirstFrame {
  const colors = SURFACES[isDark(layout) ? 'dark' : 'light'];
  const { left, right, bottom } = sides(layout.panels);
  const frame = document.createElement('div');
  frame.ariaHidden = 'true';
  const part = (place: Partial<CSSStyleDeclaration>, tag: 'div' | 'canvas' = 'div'): HTMLElement => {
    const element = document.createElement(tag);
    Object.assign(element.style, { position: 'absolute', boxSizing: 'border-box', ...place });
    frame.append(element);
    return element;
  };
  const line = `1px solid ${colors.border}`;
  Object.assign(frame.style, { position: 'fixed', inset: '0', zIndex: '1', background: colors.panel });
  // As the page's style sheet has it: letters on a canvas are set by it too.
  frame.style.setProperty('-webkit-font-smoothing', 'antialiased');
  const px = (pixels: number): string => `${pixels}px`;
  const middle = { top: px(TITLE), bottom: px(bottom + STATUS) };
  part({ top: '0', left: '0', right: '0', height: px(TITLE), background: colors.window, borderBottom: line });
  part({ ...middle, left: '0', width: px(left), borderRight: line });
  part({ ...middle, right: '0', width: px(right), borderLeft: line });
  part({ top: px(TITLE), left: px(left), right: px(right), height: px(TABS), background: colors.raised });
  part({ bottom: px(STATUS), left: '0', right: '0', height: px(bottom), borderTop: line });
  part({ bottom: '0', left: '0', right: '0', height: px(STATUS), background: colors.window, borderTop: line });
  const width = globalThis.innerWidth - left - right;
  const height = globalThis.innerHeight - TITLE - TABS - bottom - STATUS;
  const place = { top: px(TITLE + TABS), left: px(left), width: px(width), height: px(height) };
  const canvas = part({ ...place, background: colors.canvas, touchAction: 'none' }, 'canvas');
  document.body.append(frame);
  return { canvas: canvas as HTMLCanvasElement, remove: () => frame.remove() };
}

function sides(panels: PanelChoices): { readonly left: number; readonly right: number; readonly bottom: number } {
  const size = { width: globalThis.innerWidth, height: globalThis.innerHeight };
  const open = (panel: 'outline' | 'recipe' | 'properties' | 'table'): boolean => isOpen(panels, 'graph', panel, size);
  return {
    left: open('outline') || open('recipe') ? panels.leftWidth + SPLITTER : RAIL,
    right: open('properties') ? panels.rightWidth + SPLITTER : RAIL,
    bottom: open('table') ? Math.min(tableHeight(panels, 'graph', size), size.height - 260) + SPLITTER : FOLDED_TABLE,
  };
}
