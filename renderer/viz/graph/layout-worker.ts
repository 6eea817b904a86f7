/** Lays graphs out off the window's thread. One request at a time; the client ends the worker to give one up. */
import ELK from 'elkjs/lib/elk.bundled.js';
import { layoutContainer } from './elk-layout.ts';
import type { LayoutReply, LayoutRequest } from './layout-client.ts';

const elk = new ELK();

self.addEventListener('message', (event: MessageEvent<LayoutRequest>) => {
  const { id, container, direction } = event.data;
  layoutContainer(elk, container, direction).then(
    (placed) => self.postMessage({ id, placed } satisfies LayoutReply, { transfer: [] }),
    (error: unknown) => self.postMessage({ id, error: String(error) } satisfies LayoutReply, { transfer: [] }),
  );
});
