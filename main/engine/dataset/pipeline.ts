/**
 * Runs `work` on items with several in flight, and gives the results in the order of the items. Ends the source when the
 * consumer leaves early or work fails.
 */
export async function* pipeline<T, R>(
  source: AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  inFlight: number,
): AsyncGenerator<R, void, void> {
  const running: Promise<R>[] = [];
  for await (const item of source) {
    const result = work(item);
    // Its error is thrown when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined);
    running.push(result);
    if (running.length >= inFlight) yield await running.shift()!;
  }
  for (const result of running) yield await result;
}
