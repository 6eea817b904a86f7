import type { ReactNode } from 'react';
import { SegmentedControl } from '@mantine/core';
import { Field, Toolbar } from '../../../design/Task.tsx';
import { useSession } from '../../../state/session.ts';
import { SettingsChooser } from '../../../widgets/circumstances/SettingsChooser.tsx';
import { DataControl } from '../../../widgets/DataControl.tsx';
import type { Axes, BenefitMetric, CostMetric } from '../model.ts';
import { useTradeoffUi } from '../store.ts';

/** Which numbers are traded, and on which data. */
export function TradeoffToolbar({ axes }: { readonly axes: Axes }): ReactNode {
  const trials = useSession((state) => state.trials);
  return (
    <Toolbar label="Trade-off">
      <Field label="Benefit">
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
      </Field>
      <Field label="against">
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
      </Field>
      <DataControl />
      <SettingsChooser trials={trials} benefit={axes.benefit} />
    </Toolbar>
  );
}
