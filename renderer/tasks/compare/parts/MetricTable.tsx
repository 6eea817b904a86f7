import type { ReactNode } from 'react';
import type { Comparison } from '../../../../main/contract/studio.ts';
import { formatCompared } from '../../../../main/judge/comparison.ts';
import { formatNumber } from '../../../../main/judge/format.ts';
import { findMetric } from '../../../../main/judge/metrics.ts';
import classes from '../CompareView.module.css';
import { sayCompared, titleOfMetric } from '../model.ts';

type Row = Comparison['metrics'][number];

function valueText({ id }: Row, value: number | null, interval: Row['aInterval']): string {
  return value === null ? '–' : formatCompared(findMetric(id ?? ''), value, interval);
}

/** The numbers of both trials with their ratio. */
export function MetricTable({ comparison }: { readonly comparison: Comparison }): ReactNode {
  return (
    <section className={classes['metrics']} aria-label="Numbers side by side" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">A: {comparison.a.name}</th>
            <th scope="col">B: {comparison.b.name}</th>
            <th scope="col">B / A</th>
            <th scope="col">B is</th>
          </tr>
        </thead>
        <tbody>
          {comparison.metrics.map((row) => (
            <tr key={row.metric} title={row.circumstances ?? undefined}>
              <th scope="row">{titleOfMetric(row)}</th>
              <td>{valueText(row, row.a, row.aInterval)}</td>
              <td>{valueText(row, row.b, row.bInterval)}</td>
              <td>{row.ratio === null ? '–' : `${formatNumber(row.ratio)}×`}</td>
              <td className={classes['verdict']} data-verdict={row.verdict ?? 'none'} title={sayCompared(row)}>
                {sayCompared(row)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
