/** The thread that has the database: SQLite is synchronous, and the engine's main thread answers everybody. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/errors.ts';
import { threadPort } from '../rpc/node/thread-port.ts';
import { Peer } from '../rpc/peer.ts';
import { serveObject } from '../rpc/remote.ts';
import type { Serve } from '../rpc/serve.ts';
import { WorkspaceStore } from './store.ts';

assert(parentPort !== null, 'the workspace entry runs as a worker thread');
assert(typeof workerData === 'string', 'the workspace entry is told its folder');
const directory = workerData;

let store: WorkspaceStore | undefined;
let serveStore: Serve | undefined;

/** `open` and `close`, and every method of the store. */
const serve: Serve = (method, params, context) => {
  if (method === 'close') {
    store?.[Symbol.dispose]();
    store = undefined;
    return null;
  }
  if (store === undefined || serveStore === undefined) {
    store = new WorkspaceStore(directory);
    serveStore = serveObject(store);
  }
  return method === 'open' ? null : serveStore(method, params, context);
};

export const engine = new Peer(threadPort(parentPort), { serve });
