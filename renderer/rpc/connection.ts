import { desktop } from './bridge.ts';

/** Where the engine answers and the secret of this launch. */
export interface Connection {
  /** "http://127.0.0.1:port", no slash at the end. */
  readonly url: string;
  readonly token: string;
}

/**
 * Finds the engine: from the desktop shell where there is one, else from the page's own address and the token in its
 * fragment (`#token=…`), which is kept for this browser tab so that a reload without the fragment still works.
 */
export function findConnection(): Connection {
  const bridge = desktop();
  if (bridge !== undefined) return { url: bridge.url.replace(/\/$/, ''), token: bridge.token };
  const fromHash = tokenIn(window.location.hash);
  if (fromHash !== null) sessionStorage.setItem(TOKEN_KEY, fromHash);
  return { url: window.location.origin, token: fromHash ?? sessionStorage.getItem(TOKEN_KEY) ?? '' };
}

/** The token in an address fragment, `#token=…`, or null. */
export function tokenIn(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token');
}

/**
 * The model that the address asks for (`lapidary serve MODEL` prints `#token=…&open=/path`), or null. It is taken out of the
 * address, so that a reload shows what was open then.
 */
export function takeModelFromAddress(): string | null {
  const parts = new URLSearchParams(globalThis.location?.hash.replace(/^#/, '') ?? '');
  const path = parts.get('open');
  if (path === null) return null;
  parts.delete('open');
  globalThis.history.replaceState(null, '', `#${parts.toString()}`);
  return path;
}

/** The WebSocket address of a connection. */
export function socketUrl(connection: Connection): string {
  return `${connection.url.replace(/^http/, 'ws')}/rpc?token=${encodeURIComponent(connection.token)}`;
}

const TOKEN_KEY = 'lapidary.token';
