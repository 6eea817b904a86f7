import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepSettings } from '../../../../renderer/state/keep-settings.ts';
import { EngineError } from '../../../../renderer/rpc/engine-error.ts';
import { useMessages } from '../../../../renderer/state/messages.ts';
import { keptAs } from '../../../../renderer/state/persist.ts';

const local = new Map<string, string>();
const storage = {
  getItem: (name: string) => local.get(name) ?? null,
  setItem: (name: string, text: string) => void local.set(name, text),
  removeItem: (name: string) => void local.delete(name),
};

/** A workspace that keeps these settings, and what it was told since. */
function workspace(kept: Record<string, string>) {
  const told: unknown[] = [];
  const call = (method: string, params: unknown): Promise<unknown> => {
    if (method === 'settings.get') return Promise.resolve(kept);
    told.push(params);
    return Promise.resolve(null);
  };
  return { told, client: { call } as never };
}

beforeEach(() => {
  local.clear();
  vi.useFakeTimers();
  // The names of what is kept are the storage's own keys.
  vi.stubGlobal(
    'localStorage',
    new Proxy(storage, {
      ownKeys: () => [...local.keys()],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    }),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('what the workspace kept comes before what this browser did; what only the browser has goes to the workspace', async () => {
  local.set('lapidary.ui', 'here').set('lapidary.only', 'mine').set('other', 'not ours');
  const { client, told } = workspace({ 'lapidary.ui': 'there', strange: 'x' });
  await keepSettings(client);
  vi.runAllTimers();
  expect([...local]).toEqual([
    ['lapidary.ui', 'there'],
    ['lapidary.only', 'mine'],
    ['other', 'not ours'],
  ]);
  expect(told).toEqual([{ name: 'lapidary.only', value: 'mine' }]);
});

it('the workspace is told the last of several changes', async () => {
  const { client, told } = workspace({});
  await keepSettings(client);
  const options = keptAs('panels', { version: 1, keep: (state: { size: number }) => state });
  for (const size of [1, 2, 3]) void options.storage?.setItem(options.name, { state: { size }, version: 1 });
  vi.runAllTimers();
  expect(told).toEqual([{ name: 'lapidary.panels', value: '{"state":{"size":3},"version":1}' }]);
  expect(local.get('lapidary.panels')).toBe('{"state":{"size":3},"version":1}');
});

it('a window opens with what its browser kept when the engine does not answer', async () => {
  local.set('lapidary.ui', 'here');
  const silent = { call: () => new Promise(() => undefined) } as never;
  const opened = keepSettings(silent);
  await vi.advanceTimersByTimeAsync(1500);
  await opened;
  expect(local.get('lapidary.ui')).toBe('here');
});

it('what a full disk refused is told once, and sent again until it is kept', async () => {
  const full = { code: 'WRITE_FAILED', message: 'workspace.db could not be written', hint: 'Make room.', causes: [] };
  const told: unknown[] = [];
  let room = false;
  const call = (method: string, params: unknown): Promise<unknown> => {
    if (method === 'settings.get') return Promise.resolve({});
    told.push(params);
    return room ? Promise.resolve(null) : Promise.reject(new EngineError(full as never));
  };
  await keepSettings({ call } as never);
  const options = keptAs('draft', { version: 1, keep: (state: { size: number }) => state });
  const change = (size: number) => void options.storage?.setItem(options.name, { state: { size }, version: 1 });
  change(1);
  await vi.advanceTimersByTimeAsync(400);
  change(2);
  await vi.advanceTimersByTimeAsync(12_000);
  expect(told.length).toBeGreaterThan(2);
  expect(useMessages.getState().log.map(({ message }) => message)).toEqual([
    'Recipe and panels are not kept: workspace.db could not be written',
  ]);
  room = true;
  await vi.advanceTimersByTimeAsync(5000);
  expect(told.at(-1)).toEqual({ name: 'lapidary.draft', value: '{"state":{"size":2},"version":1}' });
  const sent = told.length;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(told).toHaveLength(sent);
});
