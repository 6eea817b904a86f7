import type { ChildProcess } from 'node:child_process';
import type { Port } from '../port.ts';

/**
 * A port over a fork's channel (`serialization: 'advanced'`): the child as its parent sees it, or `process` in the child.
 * Frames to an end that is gone are dropped: that it is gone is told by the process itself.
 */
export function forkPort(end: ChildProcess | NodeJS.Process): Port {
  return {
    send: (frame) => {
      if (end.connected) end.send?.(frame, undefined, {}, () => undefined);
    },
    listen: (receive) => void end.on('message', receive),
  };
}
