import { expect, test } from 'vitest';
import { Gate } from '../../../main/jobs/gate.ts';

/** A question whose end the test decides. */
function question(gate: Gate, name: string, log: string[]): { end: () => void; answered: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const answered = gate.ask(async () => {
    log.push(`${name} begins`);
    await promise;
    log.push(`${name} ends`);
  });
  return { end: resolve, answered };
}

/** Lets everything happen that can without anybody's help. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('questions are answered at once, side by side, while nothing is timed', async () => {
  const gate = new Gate();
  const log: string[] = [];
  const [a, b] = [question(gate, 'a', log), question(gate, 'b', log)];
  expect(log).toEqual(['a begins', 'b begins']);
  a.end();
  b.end();
  await Promise.all([a.answered, b.answered]);
});

test('a timed block waits for the questions that are being answered, and says that it was disturbed', async () => {
  const gate = new Gate();
  const log: string[] = [];
  const a = question(gate, 'a', log);
  const block = gate.take().then((disturbed) => log.push(`block begins, disturbed: ${disturbed}`));
  await settle();
  expect(log).toEqual(['a begins']);
  a.end();
  await block;
  expect(log).toEqual(['a begins', 'a ends', 'block begins, disturbed: true']);
});

test('a block with nobody beside it begins at once, undisturbed', async () => {
  const gate = new Gate();
  expect(await gate.take()).toBe(false);
  expect(await gate.take()).toBe(false);
});

test('a question that comes during a block waits for its end, runs to its own, and the next block waits for it', async () => {
  const gate = new Gate();
  const log: string[] = [];
  await gate.take();
  const a = question(gate, 'a', log);
  await settle();
  expect(log).toEqual([]);
  const next = gate.take().then((disturbed) => log.push(`block begins, disturbed: ${disturbed}`));
  await settle();
  expect(log).toEqual(['a begins']);
  a.end();
  await next;
  expect(log).toEqual(['a begins', 'a ends', 'block begins, disturbed: true']);
});

test('a window that asks without end does not keep the timed work from going on', async () => {
  const gate = new Gate();
  const stop = new AbortController();
  let answered = 0;
  await gate.take();
  const asker = (async () => {
    while (!stop.signal.aborted) {
      await gate.ask(async () => undefined);
      answered++;
    }
  })();
  for (let block = 1; block <= 10; block++) {
    await settle();
    // Asked during the block before: one for each block, since the next question comes when this block has begun.
    await gate.take();
    expect(answered).toBeLessThanOrEqual(block);
  }
  expect(answered).toBeGreaterThanOrEqual(9);
  stop.abort();
  gate.giveBack();
  await asker;
});

test('questions go on when the timed work has ended, also in the middle of its wait for them', async () => {
  const gate = new Gate();
  const log: string[] = [];
  const a = question(gate, 'a', log);
  const cancelled = gate.take();
  const b = question(gate, 'b', log);
  await settle();
  expect(log).toEqual(['a begins']);
  gate.giveBack();
  gate.giveBack();
  await settle();
  expect(log).toEqual(['a begins', 'b begins']);
  a.end();
  b.end();
  await cancelled;
  const c = question(gate, 'c', log);
  expect(log.at(-1)).toBe('c begins');
  c.end();
  await c.answered;
});

test('a question that fails lets the next block begin', async () => {
  const gate = new Gate();
  const failing = gate.ask(() => Promise.reject(new Error('no')));
  const block = gate.take();
  await expect(failing).rejects.toThrow('no');
  expect(await block).toBe(true);
});
