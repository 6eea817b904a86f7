/**
 * Reads ahead: `depth` items are being made while the consumer works on the one before. The order stays.
 * A consumer that leaves early ends the source.
 */
export async function* prefetch<T>(source: AsyncIterable<T>, depth: number): AsyncGenerator<T, void, void> {
  const iterator = source[Symbol.asyncIterator]();
  const coming: Promise<IteratorResult<T>>[] = [];
  const pull = (): void => {
    const next = iterator.next();
    // Its error is thrown when its turn comes; until then it must not count as unhandled.
    next.catch(() => undefined);
    coming.push(next);
  };
  try {
    for (let ahead = 0; ahead < depth; ahead++) pull();
    for (;;) {
      pull();
      const item = await coming.shift()!;
      if (item.done === true) return;
      yield item.value;
    }
  } finally {
    await iterator.return?.();
  }
}
