import { create } from 'zustand';
import { useEngineResult } from '../../state/queries.ts';
import type { EngineResult } from '../../state/queries.ts';
import type { CompareFilter } from './model.ts';

interface CompareUi {
  readonly filter: CompareFilter;
  readonly search: string;
}

/** What of a comparison is shown; survives a change of task. */
export const useCompareUi = create<CompareUi>(() => ({ filter: 'different', search: '' }));

/** The comparison of two trials; fetched again when one of them is measured anew. */
export function useComparison(a: string | null, b: string | null): EngineResult<'trial.compare'> {
  const id = a === null || b === null ? null : `${a}|${b}`;
  return useEngineResult('trial.compare', id, { a: a ?? '', b: b ?? '' });
}
