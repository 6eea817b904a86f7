import { Packr } from 'msgpackr/index-no-eval';
import type { Port } from './port.ts';

/** Bytes there and back, whole messages at a time: a WebSocket of either side. */
export interface ByteChannel {
  readonly send: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly listen: (receive: (bytes: Uint8Array) => void) => void;
}

/**
 * Plain msgpack maps, so that any client can read them; typed arrays keep their types, int64 is a bigint. The build of the
 * library that compiles no code at run time, as the window's content security policy asks.
 */
const packr = new Packr({ useRecords: false, moreTypes: true, variableMapSize: true, int64AsType: 'bigint' });

/** One frame as msgpack. */
export function packFrame(frame: object): Uint8Array<ArrayBuffer> {
  return packr.pack(frame) as Uint8Array<ArrayBuffer>;
}

/** What the bytes hold, or undefined when they are no msgpack. */
export function unpackFrame(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch {
    return undefined;
  }
}

/** A port over a socket. */
export function socketPort({ send, listen }: ByteChannel): Port {
  return {
    send: (frame) => send(packFrame(frame)),
    listen: (receive) => listen((bytes) => receive(unpackFrame(bytes))),
  };
}
