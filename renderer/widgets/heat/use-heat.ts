import { useMemo } from 'react';
import { orderHeat, type HeatOrder, type RowOrder } from '../../viz/heat/heat-order.ts';
import { placeScales, type PlacedScale, type ScaleChoice } from '../../viz/heat/heat-scale.ts';
import type { HeatTable } from '../../viz/heat/heat-table.ts';
import { useHeatChoice } from './heat-choice.ts';

/** A heat map's state, for `HeatMap`, `HeatTools` and the legend. */
export interface Heat {
  readonly id: string;
  readonly table: HeatTable;
  /** One for each column. */
  readonly scales: readonly PlacedScale[];
  /** What is shown, in which order. */
  readonly shown: HeatOrder;
  readonly order: RowOrder;
  readonly perColumn: boolean;
  readonly search: string;
  setOrder(order: RowOrder): void;
  /** Worst first, then best first, then the table's own order. */
  sortOn(column: string): void;
  setPerColumn(perColumn: boolean): void;
  /** null: as the numbers give it. */
  setScale(key: string, choice: ScaleChoice | null): void;
  setSearch(search: string): void;
}

const OWN: RowOrder = { by: 'own' };
const NO_SCALES = {};

/** @param id under which order and scales are kept: "quantize.errors" */
export function useHeat(id: string, table: HeatTable): Heat {
  const choice = useHeatChoice((state) => state.choices[id]);
  const search = useHeatChoice((state) => state.searches[id] ?? '');
  const choose = useHeatChoice((state) => state.choose);
  const setSearch = useHeatChoice((state) => state.setSearch);
  const { order = OWN, perColumn = false, scales: chosen = NO_SCALES } = choice ?? {};
  const scales = useMemo(() => placeScales(table, chosen, { perColumn }), [table, chosen, perColumn]);
  const shown = useMemo(() => orderHeat(table, scales, { order, search }), [table, scales, order, search]);
  return useMemo(() => {
    const setOrder = (next: RowOrder): void => choose(id, { order: next });
    return {
      id,
      table,
      scales,
      shown,
      order,
      perColumn,
      search,
      setOrder,
      sortOn: (column) => setOrder(nextOrder(order, column)),
      setPerColumn: (next) => choose(id, { perColumn: next }),
      setScale: (key, next) => {
        const { [key]: _old, ...others } = chosen as Readonly<Record<string, ScaleChoice>>;
        choose(id, { scales: next === null ? others : { ...others, [key]: next } });
      },
      setSearch: (next) => setSearch(id, next),
    };
  }, [id, table, scales, shown, order, perColumn, search, chosen, choose, setSearch]);
}

function nextOrder(order: RowOrder, column: string): RowOrder {
  if (order.by !== 'column' || order.column !== column) return { by: 'column', column, worstFirst: true };
  return order.worstFirst ? { ...order, worstFirst: false } : OWN;
}
