/**
 * Texts of a file: UTF-8, but older exporters wrote other encodings. Bytes that are no UTF-8 become lone surrogates
 * U+DC80…U+DCFF and go back to the same bytes, so that every text survives (Python calls this "surrogateescape").
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BASE = 0xdc00;

/** Length of the valid UTF-8 sequence that starts here; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

function decodeBroken(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    text += length === 0 ? String.fromCharCode(BASE + bytes[at]!) : strict.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return text;
}

/** Decodes bytes `start` to `end` of a buffer. */
export function decodeText(buffer: Buffer, start: number, end: number): string {
  const text = buffer.toString('utf8', start, end);
  if (!text.includes('\uFFFD')) return text;
  const bytes = buffer.subarray(start, end);
  // The replacement character may stand in the text itself; it stays what it is.
  return Buffer.compare(Buffer.from(text), bytes) === 0 ? text : decodeBroken(bytes);
}

/** The inverse of `decodeText`. */
export function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const escaped = character.length === 1 && code >= BASE + 0x80 && code <= BASE + 0xff;
    pieces.push(escaped ? Uint8Array.of(code - BASE) : Buffer.from(character));
  }
  return Buffer.concat(pieces);
}
