import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import { groundOf } from '../../../main/judge/predict/metric.ts';
import { useSession } from '../../state/session.ts';
import { useGroundOf } from '../../widgets/circumstances/use-ground.ts';
import { useEngineResult } from '../../state/queries.ts';
import type { EngineResult } from '../../state/queries.ts';
import { selectLayer, useSelection } from '../../state/selection.ts';
import { addedKey, differenceFrom } from './model.ts';
import type { CompareFilter, CompareRow } from './model.ts';

/** How the layers of both are shown: as a table, as two graphs, as one. */
export const LAYER_VIEWS = ['table', 'beside', 'together'] as const;
export type LayerView = (typeof LAYER_VIEWS)[number];

interface CompareUi {
  readonly view: LayerView;
  /** Whether two graphs move as one. */
  readonly linked: boolean;
  /** Keys of the rows that are selected and pointed at. */
  readonly selected: string | null;
  readonly hovered: string | null;
  /** Grows with every selection that is to be brought into view. */
  readonly reveals: number;
  readonly filter: CompareFilter;
  readonly search: string;
  /** A file to compare trials of the opened model with instead of trial B. */
  readonly file: { readonly modelId: string; readonly path: string } | null;
}

/** What of a comparison is shown; survives a change of task. */
export const useCompareUi = create<CompareUi>(() => ({
  view: 'table',
  linked: true,
  selected: null,
  hovered: null,
  reveals: 0,
  filter: 'different',
  search: '',
  file: null,
}));

/** Selects a row here and its layer in every other view. @param seen it is on screen: nothing needs to move */
export function selectRow(row: CompareRow | null, { seen = false }: { readonly seen?: boolean } = {}): void {
  useCompareUi.setState(({ reveals }) => ({ selected: row?.key ?? null, reveals: seen ? reveals : reveals + 1 }));
  selectLayer(row?.name ?? null, 'chart');
}

/** Selects the next row that differs, or the one before, from the selected one on; round at the ends. */
export function stepDifference(rows: readonly CompareRow[], by: 1 | -1): void {
  const from = rows.findIndex(({ key }) => key === useCompareUi.getState().selected);
  const next = differenceFrom(rows, from, by);
  if (next !== null) selectRow(next);
}

/** Points at a row here and at its layer in every other view. */
export function hoverRow(row: CompareRow | null): void {
  if (useCompareUi.getState().hovered !== (row?.key ?? null)) useCompareUi.setState({ hovered: row?.key ?? null });
  useSelection.getState().setHover(row?.name ?? null);
}

/** The selected row; what another view selects is taken over. */
export function useSelectedRow(rows: ReadonlyMap<string, CompareRow>): CompareRow | null {
  const selected = useCompareUi((state) => state.selected);
  const layer = useSelection((state) => state.layer);
  const own = selected === null ? undefined : rows.get(selected);
  const known = own !== undefined && own.name === layer ? own : layer === null ? undefined : rowNamed(rows, layer);
  useEffect(() => {
    if (known === undefined || known.key === selected) return;
    useCompareUi.setState(({ reveals }) => ({ selected: known.key, reveals: reveals + 1 }));
  }, [known, selected]);
  return known ?? null;
}

const rowNamed = (rows: ReadonlyMap<string, CompareRow>, name: string): CompareRow | undefined =>
  rows.get(name) ?? rows.get(addedKey(name));

/** The layers of a trial's model, or of a file, as that model has them. */
export function useModelLayers(
  of: { readonly trialId: string } | { readonly path: string },
): EngineResult<'model.layers'> {
  return useEngineResult('model.layers', 'path' in of ? `file ${of.path}` : of.trialId, { of });
}

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
