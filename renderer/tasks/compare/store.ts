import { useMemo } from 'react';
import { create } from 'zustand';
import { groundOf } from '../../../main/judge/predict/metric.ts';
import { useSession } from '../../state/session.ts';
import { useGroundOf } from '../../widgets/circumstances/use-ground.ts';
import { useEngineResult } from '../../state/queries.ts';
import type { EngineResult } from '../../state/queries.ts';
import type { CompareFilter } from './model.ts';

interface CompareUi {
  readonly filter: CompareFilter;
  readonly search: string;
  /** A file to compare trials of the opened model with instead of trial B. */
  readonly file: { readonly modelId: string; readonly path: string } | null;
}

/** What of a comparison is shown; survives a change of task. */
export const useCompareUi = create<CompareUi>(() => ({ filter: 'different', search: '', file: null }));

/** The file that stands in B's place; null: trial B does. */
export function useComparedFile(): string | null {
  const modelId = useSession((state) => state.model?.entry.id);
  const file = useCompareUi((state) => state.file);
  return file !== null && file.modelId === modelId ? file.path : null;
}

/** Puts a file into B's place, or (null) the trial back. */
export function compareWithFile(path: string | null): void {
  const modelId = useSession.getState().model?.entry.id;
  useCompareUi.setState({ file: path === null || modelId === undefined ? null : { modelId, path } });
}

/** The comparison of two trials, or of a trial with a file; fetched again when one of them is measured anew. */
export function useComparison(
  a: string | null,
  b: string | null,
  file: string | null,
): EngineResult<'trial.compare'> | EngineResult<'trial.compareFile'> {
  const trials = useSession((state) => state.trials);
  const compared = useMemo(() => trials.filter(({ id }) => id === a || id === b), [trials, a, b]);
  const ground = useGroundOf(compared);
  const benefit = groundOf(trials)?.metric ?? 'top1';
  const keys = [ground('latency').key, ground(benefit).key].filter((key) => key !== null);
  const id = a === null || b === null || file !== null ? null : [a, b, ...keys].join('|');
  const trial = useEngineResult('trial.compare', id, { a: a ?? '', b: b ?? '', keys });
  const fileId = a === null || file === null ? null : [a, file, ...keys].join('|');
  const other = useEngineResult('trial.compareFile', fileId, { a: a ?? '', path: file ?? '', keys });
  return file === null ? trial : other;
}
