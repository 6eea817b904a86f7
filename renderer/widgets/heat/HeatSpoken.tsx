import type { ReactNode } from 'react';
import { heatText, type HeatCell } from '../../viz/heat/heat-table.ts';
import type { Heat } from './use-heat.ts';

/** Rows that a screen reader finds around the active one; all of thousands would cost more than the picture. */
const AROUND = 25;
/** Columns at most: a thousand channels are no table. */
const MOST_COLUMNS = 40;

/** The numbers of a heat map as a table for screen readers: the shown rows around the active one. */
export function HeatSpoken({
  label,
  heat: { table, shown },
  around,
}: {
  readonly label: string;
  readonly heat: Heat;
  readonly around: HeatCell | null;
}): ReactNode {
  const middle = around === null ? 0 : Math.max(0, shown.rows.indexOf(around.row));
  const from = Math.max(0, middle - AROUND);
  const rows = shown.rows.slice(from, middle + AROUND);
  const columns = shown.columns.slice(0, MOST_COLUMNS);
  return (
    <table className="lap-unseen" aria-rowcount={shown.rows.length} aria-colcount={shown.columns.length}>
      <caption>{label}</caption>
      <thead>
        <tr>
          <th scope="col">Row</th>
          {columns.map((column) => (
            <th key={table.columns[column]!.key} scope="col">
              {table.columns[column]!.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={table.rows[row]!.key} aria-rowindex={from + at + 1}>
            <th scope="row">{table.rows[row]!.label}</th>
            {columns.map((column) => (
              <td key={table.columns[column]!.key}>{heatText(table, { row, column })}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
