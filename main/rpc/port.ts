/**
 * What carries frames to the other end, in order and whole or not at all: the two functions that a peer needs. A port
 * knows nothing of calls; that it is gone is its owner's to know, who tells the peer (`Peer.fail`).
 */
export interface Port {
  /**
   * @param frame what structured clone or msgpack can carry
   * @param moved buffers that may go over to the other end instead of being copied; ports to other processes copy all
   * @throws when the frame cannot be carried (a function inside, say)
   */
  readonly send: (frame: object, moved?: readonly ArrayBuffer[]) => void;
  /** Names the one listener to what comes. */
  readonly listen: (receive: (frame: unknown) => void) => void;
}

/** Two ends in memory, for tests: what one sends the other gets as a copy, one microtask later. */
export function memoryPair(): readonly [Port, Port] {
  const receivers: (((frame: unknown) => void) | undefined)[] = [undefined, undefined];
  const end = (own: 0 | 1): Port => ({
    send: (frame, moved = []) => {
      const copy: unknown = structuredClone(frame, { transfer: [...moved] });
      queueMicrotask(() => receivers[1 - own]?.(copy));
    },
    listen: (receive) => void (receivers[own] = receive),
  });
  return [end(0), end(1)];
}
