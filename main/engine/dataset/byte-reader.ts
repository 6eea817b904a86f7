import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { StudioError } from '../../base/errors.ts';

/** Takes exact numbers of bytes from a stream of chunks; holds no more than one chunk beyond what was asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #name: string;
  #rest: Uint8Array = new Uint8Array();

  /** @param name how to call the stream in errors */
  constructor(chunks: AsyncIterable<Uint8Array>, name: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#name = name;
  }

  /**
   * The next `size` bytes, in memory of their own (so that they lie aligned for any element type).
   * @throws DATA_INVALID when the stream ends before, or cannot be read
   */
  async read(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      if (this.#rest.length === 0 && !(await this.#pull())) {
        throw new StudioError('DATA_INVALID', `${this.#name}: the file ends ${size - at} bytes too early`, {
          hint: 'The file is cut short: copy or download it again.',
        });
      }
      const part = this.#rest.subarray(0, size - at);
      bytes.set(part, at);
      at += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return bytes;
  }

  /** Lets go of the stream, wherever it stands. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #pull(): Promise<boolean> {
    try {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#rest = next.value;
      return true;
    } catch (error) {
      if (error instanceof StudioError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new StudioError('DATA_INVALID', `${this.#name} cannot be read: ${reason}`, { cause: error });
    }
  }
}

/** A file's bytes as a stream, unpacked when its name ends in `.gz`. */
export function streamFile(path: string): AsyncIterable<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 2 ** 20 });
  if (!path.endsWith('.gz')) return file;
  const unpacked = createGunzip({ chunkSize: 2 ** 18 });
  file.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => file.destroy());
  return file.pipe(unpacked);
}
