import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename } from 'node:path';
import sirv from 'sirv';

export interface HostFiles {
  /** The built renderer, served at `/`. */
  readonly renderer: string;
  /** Folder whose `traces` and `exports` are served at `/files/…`. */
  readonly files: string;
}

/** What of the workspace may be downloaded. */
const DOWNLOADS = /^\/files\/(traces|exports)\/(?!.*\.\.)/u;

/** Whether a path, decoded, names something of the workspace, which takes the token. */
export function isDownload(path: string): boolean {
  return DOWNLOADS.test(path);
}

/** Sends a file of the page or a download of the workspace, or 404. `path` is decoded. */
export type SendFile = (request: IncomingMessage, response: ServerResponse, path: string) => void;

/** Serves the page and the downloads. Files are looked up with each request: exports and builds come and go. */
export function serveFiles({ renderer, files }: HostFiles): SendFile {
  const page = sirv(renderer, {
    dev: true,
    setHeaders: (response, path) => {
      secure(response);
      // The build names its assets by their content.
      if (path.startsWith('/assets/')) response.setHeader('cache-control', 'public, max-age=31536000, immutable');
    },
  });
  const downloads = sirv(files, {
    dev: true,
    extensions: [],
    setHeaders: (response, path) => {
      secure(response);
      response.setHeader('content-type', 'application/octet-stream');
      const name = encodeURIComponent(basename(path));
      response.setHeader('content-disposition', `attachment; filename*=UTF-8''${name}`);
    },
  });
  return (request, response, path) => {
    const download = isDownload(path);
    // Left to itself it takes "#" for the end of a path and decodes less than our addresses encode ("+", "&"): it gets the
    // path as read, which it decodes back to what it is.
    const raw = encodeURI(download ? path.slice('/files'.length) : path);
    Object.assign(request, { url: raw, _parsedUrl: { raw, pathname: raw, search: '', query: undefined } });
    (download ? downloads : page)(request, response);
  };
}

function secure(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff').setHeader('referrer-policy', 'no-referrer');
}
