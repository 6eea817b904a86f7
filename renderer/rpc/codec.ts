import { Packr } from 'msgpackr/index-no-eval';
import type { ClientFrame, ServerFrame } from '../../main/contract/methods.ts';

const packr = new Packr({ useRecords: false, moreTypes: true, variableMapSize: true });

/** One frame to the engine as msgpack bytes; undefined properties are left out by the caller. */
export function encodeFrame(frame: ClientFrame): Uint8Array<ArrayBuffer> {
  return packr.pack(frame) as Uint8Array<ArrayBuffer>;
}

/** One frame from the engine; typed arrays come as typed arrays. */
export function decodeFrame(bytes: Uint8Array): ServerFrame {
  return packr.unpack(bytes) as ServerFrame;
}
