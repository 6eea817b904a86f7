import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.md': 'text/markdown; charset=utf-8',
};

/**
 * Sends the file at `path` below `root`, or 404. The path is decoded once and may not leave the root.
 * @param download file name to save under; the browser then saves instead of showing
 */
export async function sendFile(response: ServerResponse, root: string, path: string, download?: string): Promise<void> {
  const file = join(root, normalize(`/${path}`));
  const info = file.startsWith(root + sep) ? await stat(file).catch(() => undefined) : undefined;
  if (info === undefined || !info.isFile()) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found');
    return;
  }
  const headers: Record<string, string | number> = {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': info.size,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
  };
  if (download !== undefined) {
    headers['content-disposition'] = `attachment; filename*=UTF-8''${encodeURIComponent(download)}`;
  }
  response.writeHead(200, headers);
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}
