import { useEffect } from 'react';
import { create } from 'zustand';
import type { MethodName, ParamsIn, Result } from '../../main/contract/methods.ts';
import { asEngineError } from '../rpc/engine-error.ts';
import type { EngineError } from '../rpc/engine-error.ts';
import { engine } from './engine.ts';

/** A result on its way. While one is fetched again the old value stays (`ready`, `stale`). */
export type Loaded<T> =
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly value: T; readonly stale: boolean }
  | { readonly status: 'failed'; readonly error: EngineError };

interface ResultsStore {
  readonly entries: ReadonlyMap<string, Loaded<unknown>>;
  put(key: string, entry: Loaded<unknown>): void;
  /** Fetches again, when next looked at, everything whose key the test accepts. */
  forget(test: (method: MethodName, id: string) => boolean): void;
  clear(): void;
}

/** Results of the engine that several views read, each fetched once. */
export const useResults = create<ResultsStore>((set, get) => ({
  entries: new Map(),
  put: (key, entry) => set({ entries: new Map(get().entries).set(key, entry) }),
  forget: (test) => {
    const entries = new Map(get().entries);
    for (const [key, entry] of entries) {
      const [method, id] = splitKey(key);
      if (!test(method, id)) continue;
      if (entry.status === 'ready') entries.set(key, { ...entry, stale: true });
      else if (entry.status === 'failed') entries.delete(key);
    }
    set({ entries });
  },
  clear: () => set({ entries: new Map() }),
}));

const LOADING: Loaded<never> = { status: 'loading' };
const inFlight = new Set<string>();

/**
 * A result of the engine, fetched at the first use and again after `forget`.
 * @param id   what the key is made of: a trial's or model's id, with the tensor where there is one; null: nothing to fetch
 */
export function useEngineResult<M extends MethodName>(
  method: M,
  id: string | null,
  params: ParamsIn<M>,
): Loaded<Result<M>> {
  const key = id === null ? null : `${method}|${id}`;
  const entry = useResults((state) => (key === null ? undefined : state.entries.get(key))) as
    Loaded<Result<M>> | undefined;
  const needed = key !== null && (entry === undefined || (entry.status === 'ready' && entry.stale));
  useEffect(() => {
    if (needed) void fetchResult(method, key, params);
    // `params` says the same as `key`.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [needed, method, key]);
  return entry ?? LOADING;
}

/** Puts a result that came by another way (a job's answer) where everyone looks for it. */
export function putResult<M extends MethodName>(method: M, id: string, value: Result<M>): void {
  useResults.getState().put(`${method}|${id}`, { status: 'ready', value, stale: false });
}

async function fetchResult<M extends MethodName>(method: M, key: string, params: ParamsIn<M>): Promise<void> {
  if (inFlight.has(key)) return;
  inFlight.add(key);
  const { put, entries } = useResults.getState();
  if (!entries.has(key)) put(key, LOADING);
  try {
    put(key, { status: 'ready', value: await engine().call(method, params), stale: false });
  } catch (error) {
    put(key, { status: 'failed', error: asEngineError(error) });
  } finally {
    inFlight.delete(key);
  }
}

function splitKey(key: string): [MethodName, string] {
  const bar = key.indexOf('|');
  return [key.slice(0, bar) as MethodName, key.slice(bar + 1)];
}

/** The graph of a trial's output model. */
export const useTrialGraph = (trialId: string | null): Loaded<Result<'trial.graph'>> =>
  useEngineResult('trial.graph', trialId, { trialId: trialId ?? '' });

/** The kept profile of a trial; value null when it was never profiled. */
export const useTrialProfile = (trialId: string | null): Loaded<Result<'trial.profile'>> =>
  useEngineResult('trial.profile', trialId, { trialId: trialId ?? '' });

/** The kept error table of a trial; value null when it was never made. */
export const useTrialErrors = (trialId: string | null): Loaded<Result<'trial.errors'>> =>
  useEngineResult('trial.errors', trialId, { trialId: trialId ?? '' });

/** Statistics of one weight. */
export const useTensorStats = (trialId: string | null, tensor: string | null): Loaded<Result<'trial.tensor'>> =>
  useEngineResult('trial.tensor', trialId === null || tensor === null ? null : `${trialId}|${tensor}`, {
    trialId: trialId ?? '',
    tensor: tensor ?? '',
  });

/** What the pruning slider needs. */
export const usePrunePlan = (modelId: string | null): Loaded<Result<'prune.plan'>> =>
  useEngineResult('prune.plan', modelId, { modelId: modelId ?? '' });

/** Which layers int8 could change. */
export const useQuantizePlan = (modelId: string | null): Loaded<Result<'quantize.plan'>> =>
  useEngineResult('quantize.plan', modelId, { modelId: modelId ?? '' });

/** The value of a loaded result, or null while there is none. */
export function valueOf<T>(loaded: Loaded<T>): T | null {
  return loaded.status === 'ready' ? loaded.value : null;
}
