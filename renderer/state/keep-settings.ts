import type { EngineClient } from '../rpc/client.ts';
import { keptNames, PREFIX, readText, tellKept, writeText } from './persist.ts';

type Client = Pick<EngineClient, 'call'>;

/** Changes are sent together: a dragged panel changes its size a hundred times. */
const SEND_AFTER_MS = 400;
/** Without an answer by then the window opens with what this browser kept. */
const PATIENCE_MS = 1500;

/**
 * Brings what the windows of this workspace kept (panels, columns, drafts) into this browser's storage, and from then on
 * sends it what is kept here. The browser's storage belongs to the engine's port, which may be another one next time; the
 * workspace's word counts where both have one. To be awaited before the stores are made, which read the storage.
 */
export async function keepSettings(client: Client, patienceMs = PATIENCE_MS): Promise<void> {
  const answer = client.call('settings.get', {}).then((kept) => kept as Readonly<Record<string, string>>);
  const kept = await Promise.race([answer.catch(() => null), after(patienceMs)]);
  const send = sender(client);
  if (kept !== null) {
    for (const [name, text] of Object.entries(kept)) if (name.startsWith(PREFIX)) writeText(name, text);
    for (const name of keptNames()) if (!(name in kept)) send(name, readText(name));
  }
  tellKept(send);
}

function after(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}

/** Sends what is kept, the last of several changes of one name; a lost connection only forgets, as a full storage does. */
function sender(client: Client): (name: string, text: string | null) => void {
  const waiting = new Map<string, string | null>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const send = (): void => {
    timer = undefined;
    for (const [name, value] of waiting) client.call('settings.set', { name, value }).catch(() => undefined);
    waiting.clear();
  };
  globalThis.addEventListener?.('pagehide', send);
  return (name, text) => {
    waiting.set(name, text);
    timer ??= setTimeout(send, SEND_AFTER_MS);
  };
}
