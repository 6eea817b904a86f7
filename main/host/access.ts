import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Why a request may not be served, or undefined when it may. */
export type Refusal = { readonly status: 401 | 403 | 421; readonly reason: string };

/**
 * The host listens on the loopback interface only, but any web page can send requests there. So the `Host` header must
 * name the loopback (which stops DNS rebinding; any port, since SSH tunnels map ports) and an `Origin`, where there is
 * one, must be the studio's own page.
 */
export function checkOrigin(request: IncomingMessage): Refusal | undefined {
  const host = request.headers.host;
  if (host === undefined || !isLoopback(`http://${host}`))
    return { status: 421, reason: 'This host serves 127.0.0.1 only' };
  const origin = request.headers.origin;
  if (origin !== undefined && origin !== 'app://lapidary' && !isLoopback(origin)) {
    return { status: 403, reason: `Requests from ${origin} are not served` };
  }
  return undefined;
}

/** Checks the launch's token, given as `Authorization: Bearer …` or as `?token=…`. */
export function checkToken(request: IncomingMessage, url: URL, token: string): Refusal | undefined {
  const header = request.headers.authorization;
  const given = header?.startsWith('Bearer ') === true ? header.slice('Bearer '.length) : url.searchParams.get('token');
  if (given !== null && sameSecret(given, token)) return undefined;
  return { status: 401, reason: 'The token is missing or wrong; use the address that Lapidary printed' };
}

function isLoopback(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && LOOPBACK_NAMES.has(url.hostname);
}

function sameSecret(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
