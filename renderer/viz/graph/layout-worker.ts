/** Lays large graphs out off the window's thread. One request at a time; the client ends the worker to give one up. */
import type { LayoutReply, LayoutRequest } from './layout-client.ts';
import { placeContainer } from './place-container.ts';
import { sceneOf } from './scene.ts';

self.addEventListener('message', (event: MessageEvent<LayoutRequest>) => {
  const { id, container, direction } = event.data;
  let reply: LayoutReply;
  try {
    reply = { id, scene: sceneOf(placeContainer(container, direction)) };
  } catch (error) {
    reply = { id, error: String(error) };
  }
  self.postMessage(reply, { transfer: [] });
});
