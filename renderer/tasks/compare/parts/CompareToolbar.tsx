import type { ReactNode } from 'react';
import { ActionIcon, Button, Select, Tooltip } from '@mantine/core';
import { IconArrowsExchange } from '@tabler/icons-react';
import { showDialog } from '../../../state/dialogs.ts';
import { setReference, showTrial, useSession } from '../../../state/session.ts';
import { groundOf } from '../../../../main/judge/predict/metric.ts';
import { Field, Toolbar } from '../../../design/Task.tsx';
import { SettingsChooser } from '../../../widgets/circumstances/SettingsChooser.tsx';

/** Which two trials stand side by side. */
export function CompareToolbar(): ReactNode {
  const trials = useSession((state) => state.trials);
  const a = useSession((state) => state.a);
  const b = useSession((state) => state.b);
  const data = trials
    .filter((trial) => trial.bytes !== null || trial.baseline)
    .map((trial) => ({ value: trial.id, label: trial.name }));
  const shown = trials.filter(({ id }) => id === a || id === b);
  const benefit = groundOf(trials)?.metric ?? 'top1';
  const swap = (): void => {
    if (a !== null && b !== null) useSession.setState({ a: b, b: a });
  };
  return (
    <Toolbar label="Trials to compare">
      <Field label="A">
        <Select aria-label="Trial A" data={data} value={a} w={230} onChange={(id) => id !== null && setReference(id)} />
      </Field>
      <Tooltip label="Swap A and B">
        <ActionIcon aria-label="Swap A and B" disabled={b === null} onClick={swap}>
          <IconArrowsExchange size={15} />
        </ActionIcon>
      </Tooltip>
      <Field label="B">
        <Select
          aria-label="Trial B"
          data={data.filter(({ value }) => value !== a)}
          value={b}
          w={230}
          placeholder="choose a trial"
          onChange={(id) => id !== null && showTrial(id)}
        />
      </Field>
      <Button variant="default" title="Confusion matrix, accuracy of each class" onClick={() => showDialog('accuracy')}>
        Accuracy in detail…
      </Button>
      <SettingsChooser trials={shown} benefit={benefit} />
    </Toolbar>
  );
}
