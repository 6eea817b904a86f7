import { create } from 'zustand';
import type { TensorSource } from '../../main/contract/tensor-view.ts';
import { useEngineResult } from './queries.ts';
import type { EngineResult } from './queries.ts';

export interface LookedInto {
  readonly trialId: string;
  readonly source: TensorSource;
}

interface TensorViewStore {
  /** The tensor that is looked into; null: none. */
  readonly shown: LookedInto | null;
}

/** Which tensor the shell's dialog shows. */
export const useLookedInto = create<TensorViewStore>(() => ({ shown: null }));

/** Opens a tensor to look into, or (null) closes it. */
export function lookInto(shown: LookedInto | null): void {
  useLookedInto.setState({ shown });
}

/** Statistics, channels and one slice of a tensor. @param axis null: its channels */
export function useTensorView(
  { trialId, source }: LookedInto,
  axis: number | null,
  slice: number,
): EngineResult<'trial.tensorView'> {
  const id = `${trialId}|${JSON.stringify([source, axis, slice])}`;
  return useEngineResult('trial.tensorView', id, { trialId, source, axis, slice });
}

/** A page of its values. */
export function useTensorPage(
  { trialId, source }: LookedInto,
  offset: number,
  count: number,
): EngineResult<'trial.tensorPage'> {
  const id = `${trialId}|${JSON.stringify([source, offset, count])}`;
  return useEngineResult('trial.tensorPage', id, { trialId, source, offset, count });
}
