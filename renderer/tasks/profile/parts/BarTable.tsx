import type { ReactNode } from 'react';
import { formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { CopyTools } from '../../../widgets/grid/CopyTools.tsx';
import type { CellColumn } from '../../../widgets/grid/grid-column.ts';
import { HelpLabel } from '../../../widgets/HelpLabel.tsx';
import classes from './BarTable.module.css';

/** A row with a bar from one value to another. */
export interface BarRow {
  readonly key: string;
  readonly title: string;
  readonly help: string;
  /** What it adds, or its whole where it is a total. */
  readonly ms: number;
  /** Where its bar stands. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly isTotal: boolean;
  /** In place of the number: "not told". */
  readonly unknown?: string;
}

export interface BarTableProps {
  readonly title: string;
  readonly rows: readonly BarRow[];
  /** What the shares are of. */
  readonly wholeMs: number;
  readonly wholeName: string;
  readonly fileName: string;
  readonly note?: ReactNode;
}

const COLUMNS: readonly CellColumn<BarRow>[] = [
  { title: 'Part', value: ({ title }) => title },
  { title: 'Time', unit: 'ms', value: ({ ms, unknown }) => (unknown === undefined ? ms : null) },
  { title: 'Meaning', value: ({ help }) => help },
];

/** Times that add up, as rows with bars: the table is the chart. */
export function BarTable({ title, rows, wholeMs, wholeName, fileName, note }: BarTableProps): ReactNode {
  const least = Math.min(0, ...rows.map(({ fromMs, toMs }) => Math.min(fromMs, toMs)));
  const most = Math.max(1e-9, ...rows.map(({ fromMs, toMs }) => Math.max(fromMs, toMs)));
  const percent = (ms: number): string => `${(ms / (most - least)) * 100}%`;
  return (
    <section className={classes['section']} aria-label={title}>
      <h3 className={classes['heading']}>
        {title}
        <span className={classes['note']}>{note}</span>
        <CopyTools columns={COLUMNS} rows={rows} noun={`rows of ${title.toLowerCase()}`} fileName={fileName} />
      </h3>
      <table className={classes['table']}>
        <thead className="lap-unseen">
          <tr>
            <th>Part</th>
            <th>Bar</th>
            <th>Time</th>
            <th>Of {wholeName}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-total={row.isTotal} data-less={!row.isTotal && row.ms < 0}>
              <th scope="row">
                <HelpLabel help={row.help}>{row.title}</HelpLabel>
              </th>
              <td className={classes['track']} aria-hidden>
                <span
                  style={{
                    left: percent(Math.min(row.fromMs, row.toMs) - least),
                    width: percent(Math.abs(row.toMs - row.fromMs)),
                  }}
                />
              </td>
              <td className="lap-number">
                {row.unknown ?? `${!row.isTotal && row.ms > 0 ? '+' : ''}${formatMs(row.ms)}`}
              </td>
              <td className="lap-number lap-muted">
                {row.unknown === undefined && wholeMs > 0 ? formatPercent(row.ms / wholeMs, 2) : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
