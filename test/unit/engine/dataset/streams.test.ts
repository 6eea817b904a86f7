import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../../main/engine/dataset/byte-reader.ts';
import { prefetch } from '../../../../main/engine/dataset/prefetch.ts';

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Gives the items, and notes what was asked for and whether it was ended. */
function source(items: readonly number[]) {
  const seen: { asked: number[]; ended: boolean } = { asked: [], ended: false };
  async function* generate(): AsyncGenerator<number, void, void> {
    try {
      for (const item of items) {
        seen.asked.push(item);
        yield item;
      }
    } finally {
      seen.ended = true;
    }
  }
  return { seen, items: generate() };
}

describe('prefetch', () => {
  it('has asked for the next item when one is handed out', async () => {
    const { seen, items } = source([1, 2, 3]);
    const ahead = prefetch(items, 1);
    await ahead.next();
    expect(seen.asked).toEqual([1, 2]);
    await ahead.return();
    expect(seen.ended).toBe(true);
  });

  it('keeps the order and ends with the source', async () => {
    expect(await collect(prefetch(source([1, 2, 3]).items, 2))).toEqual([1, 2, 3]);
  });
});

async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
  yield Uint8Array.of(1, 2);
  yield Uint8Array.of(3);
  yield Uint8Array.of(4, 5);
}

describe('ByteReader', () => {
  it('joins and splits chunks to the size asked for', async () => {
    const reader = new ByteReader(chunks(), 'it');
    expect([...(await reader.read(1))]).toEqual([1]);
    expect([...(await reader.read(3))]).toEqual([2, 3, 4]);
    expect([...(await reader.read(0))]).toEqual([]);
  });

  it('says how many bytes are missing', async () => {
    const reader = new ByteReader(chunks(), 'it');
    await expect(reader.read(9)).rejects.toThrow('it: the file ends 4 bytes too early');
  });
});
