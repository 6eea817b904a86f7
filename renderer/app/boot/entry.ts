/**
 * What the page loads first: asks the engine for the model that the address names and draws its graph; then, or where nothing is
 * asked for at once, loads the window.
 */
import '../../design/first-font.ts';
import { firstModel } from '../../state/first-model.ts';
import type { FirstModel } from '../../state/first-model.ts';
import {
  drawFirstPicture,
  endFirstPicture,
  isFirstPictureShown,
  labelFirstPicture,
} from '../../tasks/graph/first-picture.ts';
import { DARK_PALETTE, LIGHT_PALETTE } from '../../viz/graph/palette.ts';
import { drawFirstFrame, isDark, keptLayout } from './first-frame.ts';

/**
 * A picture that is not there by then is of a very large model: the window tells meanwhile that it is being read. Before that the
 * window would only hold the picture up, since both are made on this thread.
 */
const PATIENCE_MS = 4000;

interface FirstLook {
  /** Resolves when the picture is there, or will not come. */
  readonly over: Promise<void>;
  /** Leaves it to the window, unless it is drawn. */
  readonly giveUp: () => void;
}

function showFirst({ picture, answer }: FirstModel): FirstLook | null {
  const layout = keptLayout();
  if (layout.tab !== 'graph' || layout.asWritten) return null;
  const palette = isDark(layout) ? DARK_PALETTE : LIGHT_PALETTE;
  const { canvas, remove } = drawFirstFrame(layout);
  const stop = new AbortController();
  const drawn = picture.then((told) =>
    drawFirstPicture(canvas, told, { ...layout, palette, remove, signal: stop.signal }),
  );
  const giveUp = (): void => {
    stop.abort();
    remove();
  };
  // A model that cannot be opened has no picture, though its file can be drawn.
  const end = (): void => {
    giveUp();
    endFirstPicture();
  };
  void drawn.then(() => answer.then(labelFirstPicture, end), end);
  // What went wrong is said by the window itself.
  const over = drawn.then((isThere) => (isThere ? undefined : giveUp()), giveUp);
  return { over, giveUp: () => (isFirstPictureShown() ? undefined : giveUp()) };
}

/** Fetches all chunks that the window begins with at once; see the build's `name-window-chunks`. There are none in development. */
function fetchWindow(): void {
  const names = document.querySelector<HTMLMetaElement>('meta[name="window-chunks"]')?.content ?? '';
  for (const href of names.split(' ').filter((name) => name !== '')) {
    const link = document.createElement('link');
    Object.assign(link, { rel: 'modulepreload', crossOrigin: '', href });
    document.head.append(link);
  }
}

async function showWindow(): Promise<void> {
  const first = firstModel();
  const look = first === null ? null : showFirst(first);
  if (look !== null) await Promise.race([look.over, new Promise((over) => setTimeout(over, PATIENCE_MS))]);
  fetchWindow();
  await import('../main.tsx');
  look?.giveUp();
  if (look !== null) {
    // what the workspace keeps of the window may say that another task is shown than this browser's own storage did
    const { useUi } = await import('../../state/ui.ts');
    const endElsewhere = ({ tab }: { readonly tab: string }): void => (tab === 'graph' ? undefined : endFirstPicture());
    endElsewhere(useUi.getState());
    useUi.subscribe(endElsewhere);
  }
}

// For those who build the window: every control in every state.
if (new URLSearchParams(globalThis.location.search).has('gallery')) await import('../gallery/show-gallery.tsx');
else await showWindow();
