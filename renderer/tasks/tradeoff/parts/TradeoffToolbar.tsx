import type { ReactNode } from 'react';
import { SegmentedControl, Text } from '@mantine/core';
import { DataControl } from '../../../widgets/DataControl.tsx';
import type { Axes, BenefitMetric, CostMetric } from '../model.ts';
import classes from '../TradeoffView.module.css';
import { useTradeoffUi } from '../store.ts';

/** Which numbers are traded, and on which data. */
export function TradeoffToolbar({ axes }: { readonly axes: Axes }): ReactNode {
  return (
    <div className={classes['toolbar']} role="toolbar" aria-label="Trade-off">
      <div className={classes['field']}>
        <Text className="lap-muted">Benefit</Text>
        <SegmentedControl
          aria-label="Benefit"
          value={axes.benefit}
          onChange={(value) => useTradeoffUi.setState({ benefit: value as BenefitMetric })}
          data={[
            { value: 'top1', label: 'Accuracy' },
            { value: 'agreement', label: 'Agreement' },
            { value: 'cosine', label: 'Cosine' },
          ]}
        />
      </div>
      <div className={classes['field']}>
        <Text className="lap-muted">against</Text>
        <SegmentedControl
          aria-label="Cost"
          value={axes.cost}
          onChange={(value) => useTradeoffUi.setState({ cost: value as CostMetric })}
          data={[
            { value: 'latency', label: 'Latency' },
            { value: 'size', label: 'Size' },
            { value: 'macs', label: 'MACs' },
          ]}
        />
      </div>
      <DataControl />
    </div>
  );
}
