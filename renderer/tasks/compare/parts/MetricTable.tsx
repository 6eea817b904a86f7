import type { ReactNode } from 'react';
import type { Comparison } from '../../../../main/contract/studio.ts';
import { formatNumber } from '../../../../main/judge/format.ts';
import classes from '../CompareView.module.css';
import { formatCompared, titleOfMetric, verdictOf } from '../model.ts';
import type { Verdict } from '../model.ts';

const WORDS: Readonly<Record<Verdict, string>> = { better: '▲ better', worse: '▼ worse', same: '= same', unknown: '' };

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
          {comparison.metrics.map((row) => {
            const verdict = row.note === null ? verdictOf(row) : 'unknown';
            return (
              <tr key={row.metric}>
                <th scope="row">{titleOfMetric(row.metric)}</th>
                <td>{formatCompared(row.metric, row.a, row.unit)}</td>
                <td>{formatCompared(row.metric, row.b, row.unit)}</td>
                <td>{row.ratio === null ? '–' : `${formatNumber(row.ratio)}×`}</td>
                <td className={classes['verdict']} data-verdict={verdict}>
                  {row.note === null ? WORDS[verdict] : `≈ ${row.note}`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
