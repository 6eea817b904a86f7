import type { MessagePort, Worker } from 'node:worker_threads';
import type { Port } from '../port.ts';

/** A port to a worker thread: the worker as its owner sees it, or `parentPort` in the thread. Moved buffers are not copied. */
export function threadPort(end: Worker | MessagePort): Port {
  return {
    send: (frame, moved = []) => end.postMessage(frame, moved),
    listen: (receive) => void end.on('message', receive),
  };
}
