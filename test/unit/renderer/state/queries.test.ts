import { QueryObserver } from '@tanstack/react-query';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Profile } from '../../../../main/contract/results.ts';
import { EngineError } from '../../../../renderer/rpc/engine-error.ts';

interface OpenCall {
  readonly method: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const calls: OpenCall[] = [];
vi.mock('../../../../renderer/state/engine.ts', () => ({
  engine: () => ({
    call: (method: string) =>
      new Promise((resolve, reject) => {
        calls.push({ method, resolve, reject });
      }),
  }),
}));
const { clearResults, engineQuery, forget, putResult, queries } = await import('../../../../renderer/state/queries.ts');

/** Looks at the profile of trial t as a mounted view does. */
function watchProfile(): QueryObserver<Profile | null> {
  const observer = new QueryObserver<Profile | null>(queries, engineQuery('trial.profile', 't', { trialId: 't' }));
  observer.subscribe(() => {});
  return observer;
}

function profile(note: string): Profile {
  return { notes: [note] } as unknown as Profile;
}

/** Lets every answer that was given find its way. */
function everythingDone(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

beforeEach(() => {
  clearResults();
  calls.length = 0;
});

test('asks again when what is being fetched is forgotten, and keeps the later answer whichever comes first', async () => {
  const view = watchProfile();
  expect(calls).toHaveLength(1);
  // The trial was measured while the answer was on its way: that answer may be from before.
  forget((method, id) => method === 'trial.profile' && id === 't');
  expect(calls).toHaveLength(2);
  calls[1]!.resolve(profile('new'));
  await vi.waitFor(() => expect(view.getCurrentResult().data).toEqual(profile('new')));
  calls[0]!.resolve(profile('old'));
  await everythingDone();
  expect(view.getCurrentResult().data).toEqual(profile('new'));
});

test('keeps the old answer while a forgotten one is fetched again', async () => {
  const view = watchProfile();
  calls[0]!.resolve(profile('first'));
  await vi.waitFor(() => expect(view.getCurrentResult().status).toBe('success'));
  forget((_method, id) => id === 't');
  expect(calls).toHaveLength(2);
  expect(view.getCurrentResult()).toMatchObject({ status: 'success', data: profile('first') });
});

test('leaves what the test does not accept alone', async () => {
  const view = watchProfile();
  calls[0]!.resolve(null);
  await vi.waitFor(() => expect(view.getCurrentResult().status).toBe('success'));
  forget((method) => method === 'trial.errors');
  expect(calls).toHaveLength(1);
});

test('a job’s result stays when an older answer comes after it', async () => {
  const view = watchProfile();
  putResult('trial.profile', 't', profile('of the job'));
  calls[0]!.resolve(null);
  await everythingDone();
  expect(view.getCurrentResult().data).toEqual(profile('of the job'));
});

test('a failure is told at once, as the engine’s error', async () => {
  const view = watchProfile();
  calls[0]!.reject(new EngineError({ code: 'TRIAL_UNKNOWN', message: 'There is no such trial', hint: null }));
  await vi.waitFor(() => expect(view.getCurrentResult().status).toBe('error'));
  expect(view.getCurrentResult().error).toMatchObject({ code: 'TRIAL_UNKNOWN' });
  expect(calls).toHaveLength(1);
});
