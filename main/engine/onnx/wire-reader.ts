/** The protobuf wire format, reading side. @see https://protobuf.dev/programming-guides/encoding/ */
import { StudioError } from '../../base/errors.ts';

/** Wire types; 3 and 4 are the deprecated groups. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
export const FIXED32 = 5;

/** Part of the file that holds one message. */
export interface Span {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** Messages around this one. */
  readonly depth: number;
  readonly limits: DecodeLimits;
}

/** Guards against files that are small but make endless objects. One for each decoded file; counts down. */
export interface DecodeLimits {
  items: number;
}

/** As protobuf's own readers: deeper nesting is refused, so that no reader's stack overflows. */
const MAX_DEPTH = 100;
/**
 * What one file may hold, weights not counted: 8 for a message, 1 for a text or a number. A graph of 100,000 nodes takes about
 * 6 million. 3 million empty nodes, the most that a hostile file gets, take about 1 GB.
 */
const MAX_ITEMS = 24_000_000;

export function invalid(message: string): StudioError {
  return new StudioError('ONNX_INVALID', message, {
    hint: 'The file is damaged, or written by a faulty exporter: get or export it again.',
  });
}

function truncated(at: number, end: number): StudioError {
  return new StudioError('ONNX_TRUNCATED', `The file ends at byte ${end}, within a field that starts at byte ${at}`, {
    hint: 'The file was not copied or downloaded whole: get it again.',
  });
}

/** The whole of a file as a span. The bytes are not copied. */
export function wholeSpan(bytes: Uint8Array, limits: DecodeLimits = { items: MAX_ITEMS }): Span {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return { buffer, start: 0, end: bytes.length, depth: 0, limits };
}

/** Goes through one message. All methods throw ONNX_TRUNCATED where the file ends, ONNX_INVALID where a message does. */
export class WireReader {
  readonly buffer: Buffer;
  readonly end: number;
  pos: number;
  readonly #span: Span;
  #fieldStart: number;

  constructor(span: Span) {
    if (span.depth > MAX_DEPTH) throw invalid(`Messages are nested more than ${MAX_DEPTH} deep at byte ${span.start}`);
    this.#span = span;
    this.buffer = span.buffer;
    this.pos = span.start;
    this.#fieldStart = span.start;
    this.end = span.end;
  }

  get limits(): DecodeLimits {
    return this.#span.limits;
  }

  /** Counts a decoded thing against the limit. */
  spend(cost: number): void {
    const { limits } = this.#span;
    limits.items -= cost;
    if (limits.items < 0)
      throw invalid(`The file holds more messages, texts and numbers than fit in memory (${MAX_ITEMS})`);
  }

  /** A tag: field number × 8 + wire type. */
  tag(): number {
    this.#fieldStart = this.pos;
    const tag = this.uint();
    if (tag < 8 || tag > 0xffffffff) throw invalid(`No protobuf field has the tag ${tag} (byte ${this.#fieldStart})`);
    return tag;
  }

  #beyond(): StudioError {
    const { depth, end, start } = this.#span;
    if (depth === 0) return truncated(this.#fieldStart, end);
    return invalid(
      `A field at byte ${this.#fieldStart} is longer than its message, which spans bytes ${start} to ${end}`,
    );
  }

  /** A varint as number; exact up to 2⁵³, beyond that only about right (no length or tag is valid there). */
  uint(): number {
    const { buffer, end, pos } = this;
    // Most are short.
    if (pos < end && buffer[pos]! < 0x80) {
      this.pos = pos + 1;
      return buffer[pos]!;
    }
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      if (this.pos >= end) throw this.#beyond();
      const byte = buffer[this.pos++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw invalid(`A number at byte ${this.pos - 10} is longer than 10 bytes`);
  }

  /** A varint as signed 64-bit integer. */
  int64(): bigint {
    const { buffer } = this;
    const start = this.pos;
    const value = this.uint();
    if (this.pos - start <= 7) return BigInt(value);
    let exact = 0n;
    for (let i = this.pos - 1; i >= start; i--) exact = (exact << 7n) | BigInt(buffer[i]! & 0x7f);
    return BigInt.asIntN(64, exact);
  }

  /** A signed varint as number. @throws ONNX_INVALID beyond ±2⁵³ */
  int(): number {
    const start = this.pos;
    const short = this.uint();
    if (this.pos - start <= 7) return short;
    this.pos = start;
    const value = this.int64();
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw invalid(`${value} at byte ${this.#fieldStart} is no sensible size or number`);
    return number;
  }

  float(): number {
    const at = this.take(4);
    return this.buffer.readFloatLE(at);
  }

  /** Passes `length` bytes; returns where they start. */
  take(length: number): number {
    const at = this.pos;
    if (length > this.end - at) throw this.#beyond();
    this.pos = at + length;
    return at;
  }

  /** The bytes of a length-delimited field: a view. */
  bytes(): Uint8Array {
    const at = this.take(this.uint());
    return viewOf(this.buffer, at, this.pos);
  }

  /** The message in a length-delimited field. */
  span(): Span {
    const { buffer, limits, depth } = this.#span;
    const start = this.take(this.uint());
    return { buffer, start, end: this.pos, depth: depth + 1, limits };
  }

  /** Passes the value of a field that nobody knows. */
  skip(tag: number): void {
    let open = 0;
    let current = tag;
    for (;;) {
      const type = current % 8;
      if (type === VARINT) this.uint();
      else if (type === FIXED64) this.take(8);
      else if (type === LENGTH) this.take(this.uint());
      else if (type === FIXED32) this.take(4);
      else if (type === GROUP_START) open++;
      else if (type === GROUP_END && open > 0) open--;
      else throw invalid(`Wire type ${type} at byte ${this.pos} is not known`);
      if (open === 0) return;
      current = this.uint();
    }
  }
}

/** A plain Uint8Array on part of a buffer (Buffer's own subarray would give a Buffer). */
export function viewOf(buffer: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset + start, end - start);
}

/** Joins byte pieces; the piece itself when there is but one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const joined = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
