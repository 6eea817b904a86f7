/** The window's own origin; `file:` would give it rights that it does not need. */
export const APP_ORIGIN = 'app://lapidary';

/** Whether an address is the studio's own page. */
export function isOwnPage(url: string): boolean {
  return URL.parse(url)?.host === 'lapidary' && url.startsWith(`${APP_ORIGIN}/`);
}

/**
 * All that the studio's page may: write text to the clipboard ("Copy Path"; reading is not in it), and reach the engine on
 * this machine. Chromium asks for the latter since Electron 43, under the broad name or the narrow one; where the page may
 * connect at all, its Content-Security-Policy says.
 * @see https://developer.mozilla.org/en-US/docs/Web/Security/Defenses/Local_network_access
 */
const PERMITTED: ReadonlySet<string> = new Set([
  'clipboard-sanitized-write',
  'loopback-network',
  'local-network-access',
]);

/** Whether a page may use what it asks for; `origin` with or without the slash at its end. */
export function isPermitted(permission: string, origin: string): boolean {
  return PERMITTED.has(permission) && isOwnPage(origin.endsWith('/') ? origin : `${origin}/`);
}
