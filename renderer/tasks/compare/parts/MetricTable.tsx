import type { ReactNode } from 'react';
import type { Comparison } from '../../../../main/contract/studio.ts';
import { formatNumber } from '../../../../main/judge/format.ts';
import classes from '../CompareView.module.css';
import { formatCompared, sayCompared, titleOfMetric } from '../model.ts';

/** The numbers of both trials with their ratio. */
export function MetricTable({ comparison }: { readonly comparison: Comparison }): ReactNode {
  return (
    <section className={classes['metrics']} aria-label="Numbers side by side">
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
              <td>{formatCompared(row, row.a, row.aInterval)}</td>
              <td>{formatCompared(row, row.b, row.bInterval)}</td>
              <td>{row.ratio === null ? '–' : `${formatNumber(row.ratio)}×`}</td>
              <td className={classes['verdict']} data-verdict={row.verdict ?? 'none'}>
                {sayCompared(row)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
