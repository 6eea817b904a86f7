import { encodeText } from './text.ts';
import { FIXED32, LENGTH, VARINT } from './wire-reader.ts';

/** Pieces from this size on are passed on as views; smaller ones are cheaper to copy. */
const VIEW_BYTES = 4096;

/** Collects the wire bytes of one message. Large byte fields (weights) are held as views, never copied. */
export class ByteSink {
  readonly #pieces: Uint8Array[] = [];
  #buffer = new Uint8Array(64);
  #used = 0;
  /** Bytes so far. */
  size = 0;

  #reserve(length: number): void {
    if (this.#used + length <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#used + length));
    grown.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = grown;
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#pieces.push(this.#buffer.subarray(0, this.#used));
    this.#buffer = new Uint8Array(64);
    this.#used = 0;
  }

  /** A number from 0 to 2⁵³ as varint. */
  uint(value: number): void {
    this.#reserve(8);
    let rest = value;
    const start = this.#used;
    while (rest >= 0x80) {
      this.#buffer[this.#used++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#used++] = rest;
    this.size += this.#used - start;
  }

  /** A signed 64-bit integer as varint (negative ones take 10 bytes). */
  int64(value: bigint): void {
    if (value >= 0n && value < 0x20000000000000n) {
      this.uint(Number(value));
      return;
    }
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    const start = this.#used;
    while (rest >= 0x80n) {
      this.#buffer[this.#used++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#used++] = Number(rest);
    this.size += this.#used - start;
  }

  /** Bytes as they are. The array must not change afterwards: it may be held. */
  raw(bytes: Uint8Array): void {
    this.size += bytes.length;
    if (bytes.length >= VIEW_BYTES) {
      this.#flush();
      this.#pieces.push(bytes);
      return;
    }
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  tag(number: number, wireType: number): void {
    this.uint(number * 8 + wireType);
  }

  int64Field(number: number, value: bigint): void {
    this.tag(number, VARINT);
    this.int64(value);
  }

  floatField(number: number, value: number): void {
    this.tag(number, FIXED32);
    this.#reserve(4);
    new DataView(this.#buffer.buffer).setFloat32(this.#used, value, true);
    this.#used += 4;
    this.size += 4;
  }

  bytesField(number: number, bytes: Uint8Array): void {
    this.tag(number, LENGTH);
    this.uint(bytes.length);
    this.raw(bytes);
  }

  textField(number: number, text: string): void {
    this.bytesField(number, encodeText(text));
  }

  /** A finished message as a field of this one. */
  messageField(number: number, message: ByteSink): void {
    this.tag(number, LENGTH);
    this.uint(message.size);
    for (const piece of message.#pieces) this.raw(piece);
    this.raw(message.#buffer.subarray(0, message.#used));
  }

  /** All pieces, to be written one after the other. The sink is spent. */
  finish(): Uint8Array[] {
    this.#flush();
    return this.#pieces;
  }
}
