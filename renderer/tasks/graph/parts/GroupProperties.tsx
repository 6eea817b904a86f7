import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Facts } from '../../../design/Facts.tsx';
import { Section } from '../../../design/Section.tsx';
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDb,
  formatMs,
  formatPercent,
} from '../../../../main/judge/format.ts';
import type { LayerFacts } from '../../../state/layer-facts.ts';
import { groupTotals } from '../group-totals.ts';
import classes from './LayerProperties.module.css';

interface GroupPropertiesProps {
  /** The whole scope path. */
  readonly id: string;
  readonly layers: readonly LayerFacts[];
}

/** What the layers of a group amount to together. */
export function GroupProperties({ id, layers }: GroupPropertiesProps): ReactNode {
  const totals = useMemo(() => groupTotals(layers), [layers]);
  const { timeMs, share } = totals;
  return (
    <>
      <div className={classes['head']}>
        <strong>Group of {formatCount(totals.layers)} layers</strong>
        <div className={classes['name']}>{id}</div>
      </div>
      <Section title="Together">
        <Facts
          facts={[
            ['Layers', formatCount(totals.layers)],
            ['Time', timeMs === null ? null : `${formatMs(timeMs)}  ·  ${formatPercent(share ?? 0)}`],
            ['MACs', totals.macs === null ? 'unknown' : formatCompact(totals.macs)],
            ['Parameters', formatCount(totals.parameters)],
            ['Weights', formatBytes(totals.parameterBytes)],
            ['Memory moved', totals.bytes === null ? null : formatBytes(totals.bytes)],
            ['Sparsity', totals.sparsity === null ? null : formatPercent(totals.sparsity)],
            ['SQNR, worst', totals.sqnrDb === null ? null : formatDb(totals.sqnrDb)],
          ]}
        />
        {timeMs === null && <p className={classes['hint']}>Press Profile to measure its time.</p>}
      </Section>
      <Section title="Operators" note={totals.operators.length}>
        <Facts facts={totals.operators} />
      </Section>
    </>
  );
}
