import type { EngineClient } from '../rpc/client.ts';
import { asEngineError } from '../rpc/engine-error.ts';
import { tell } from './messages.ts';
import { keptNames, PREFIX, readText, tellKept, writeText } from './persist.ts';

type Client = Pick<EngineClient, 'call'>;

/** Changes are sent together: a dragged panel changes its size a hundred times. */
const SEND_AFTER_MS = 400;
const SEND_AGAIN_AFTER_MS = 5000;
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

/**
 * Sends what is kept, the last of several changes of one name. What could not be kept (the disk is full, the connection is lost) is sent
 * again until it is, and told once: this browser has it as long, another window has not.
 */
function sender(client: Client): (name: string, text: string | null) => void {
  const waiting = new Map<string, string | null>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isTold = false;
  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const sent = [...waiting];
    waiting.clear();
    for (const [name, value] of sent) {
      client.call('settings.set', { name, value }).then(
        () => (isTold = false),
        (error: unknown) => {
          // A later change takes the place of this one.
          if (!waiting.has(name)) waiting.set(name, value);
          timer ??= setTimeout(send, SEND_AGAIN_AFTER_MS);
          const { code, message, hint } = asEngineError(error);
          if (code !== 'WRITE_FAILED' || isTold) return;
          isTold = true;
          tell('error', `Recipe and panels are not kept: ${message}`, hint);
        },
      );
    }
  };
  globalThis.addEventListener?.('pagehide', send);
  return (name, text) => {
    waiting.set(name, text);
    timer ??= setTimeout(send, SEND_AFTER_MS);
  };
}
