import { useViewportSize } from '@mantine/hooks';
import { isOpen } from '../state/panels.ts';
import type { Panel } from '../state/panels.ts';
import { openPanel, useUi } from '../state/ui.ts';

/** The size of the window; the first answer of the hook is empty. */
export function useWindowSize(): { readonly width: number; readonly height: number } {
  const { width, height } = useViewportSize();
  return { width: width || globalThis.innerWidth, height: height || globalThis.innerHeight };
}

/** How a panel stands in the task that is shown, and the way to fold or open it: for the panel's header. */
export function useFold(panel: Panel): { readonly open: boolean; readonly onToggle: () => void } {
  const size = useWindowSize();
  const open = useUi(({ panels, tab }) => isOpen(panels, tab, panel, size));
  return { open, onToggle: () => openPanel(panel, !open) };
}
