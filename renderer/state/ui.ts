import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { isOpen, withPanel } from './panels.ts';
import type { Panel, PanelChoices } from './panels.ts';
import { keptAs } from './persist.ts';
import type { Tab } from './tabs.ts';
import { START_LAYOUT } from './ui-layout.ts';
import type { GraphSwitch, UiLayout } from './ui-layout.ts';

interface UiStore extends UiLayout {
  set(patch: Partial<UiLayout>): void;
  toggle(key: GraphSwitch): void;
  resize(patch: Partial<PanelChoices>): void;
}

/** Layout of the window and the choices of view; kept over restarts. */
export const useUi = create<UiStore>()(
  persist(
    (set, get) => ({
      ...START_LAYOUT,
      set: (patch) => set(patch),
      toggle: (key) => set({ [key]: !get()[key] }),
      resize: (patch) => set({ panels: { ...get().panels, ...patch } }),
    }),
    keptAs('ui', {
      version: 2,
      keep: ({ set: _set, toggle: _toggle, resize: _resize, ...layout }) => layout,
      migrate: (old, version) => (version === 0 ? layoutOf01(old) : { ...START_LAYOUT, ...(old as Partial<UiLayout>) }),
    }),
  ),
);

/** What 0.1 kept, without its panels, which were the same in every task. */
function layoutOf01(old: Record<string, unknown>): UiLayout {
  const known = Object.entries(old).filter(([key]) => key in START_LAYOUT && key !== 'panels');
  return { ...START_LAYOUT, ...Object.fromEntries(known) };
}

/** Goes to a task. */
export function showTab(tab: Tab): void {
  useUi.getState().set({ tab });
}

/** Whether a panel is open in the task that is shown. */
export function isPanelOpen(panel: Panel): boolean {
  const { panels, tab } = useUi.getState();
  return isOpen(panels, tab, panel, { width: globalThis.innerWidth, height: globalThis.innerHeight });
}

/** Opens or folds a panel of the task that is shown. */
export function openPanel(panel: Panel, open = true): void {
  const { panels, tab, resize } = useUi.getState();
  resize(withPanel(panels, tab, panel, open));
}
