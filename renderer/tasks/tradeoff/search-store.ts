import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { SEARCH_DEFAULTS, type SearchResult } from '../../../main/contract/search.ts';
import { calibrationDatasetId, useData } from '../../state/data.ts';
import { engine } from '../../state/engine.ts';
import { keptAs } from '../../state/persist.ts';
import { showTrial, useSession } from '../../state/session.ts';
import { runSettings } from '../../state/settings.ts';
import { createTaskStore } from '../../state/task.ts';
import { floorOf, type FloorChoice, type SearchAxis } from './search-model.ts';

interface SearchStore extends FloorChoice {
  /** What the last search found, and in which model; not kept over restarts: its trials are. */
  readonly found: { readonly modelId: string; readonly result: SearchResult } | null;
}

/** What a search must keep, kept over restarts. */
export const useSearch = create<SearchStore>()(
  persist(
    (): SearchStore => ({ kind: 'accuracy', points: SEARCH_DEFAULTS.maxDrop * 100, decibels: 20, found: null }),
    keptAs('search', { version: 1, keep: ({ kind, points, decibels }: SearchStore) => ({ kind, points, decibels }) }),
  ),
);

export function setSearchFloor(patch: Partial<FloorChoice>): void {
  useSearch.setState(patch);
}

/** The search that runs, or how it ended. */
export const useSearchTask = createTaskStore();

/** Searches for precisions; its trials come as they are measured, and the best is shown in the end. */
export async function runSearch(minimize: SearchAxis): Promise<void> {
  const { model, datasetId } = useSession.getState();
  const calibration = calibrationDatasetId();
  if (model === null || datasetId === null || calibration === null) return;
  const modelId = model.entry.id;
  const params = {
    modelId,
    calibrationDatasetId: calibration,
    datasetId,
    split: useData.getState().split,
    floor: floorOf(useSearch.getState()),
    minimize,
    settings: runSettings(),
  };
  const result = await useSearchTask.getState().run((handle) => engine().call('search.run', params, handle));
  if (result === null) return;
  useSearch.setState({ found: { modelId, result } });
  if (result.best !== null && useSession.getState().model?.entry.id === modelId) showTrial(result.best);
}
