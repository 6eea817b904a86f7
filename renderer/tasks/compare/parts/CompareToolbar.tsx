import type { ReactNode } from 'react';
import { ActionIcon, Button, Select, Text, Tooltip } from '@mantine/core';
import { IconArrowsExchange } from '@tabler/icons-react';
import { showDialog } from '../../../state/dialogs.ts';
import { setReference, showTrial, useSession } from '../../../state/session.ts';
import classes from '../CompareView.module.css';

/** Which two trials stand side by side. */
export function CompareToolbar(): ReactNode {
  const trials = useSession((state) => state.trials);
  const a = useSession((state) => state.a);
  const b = useSession((state) => state.b);
  const data = trials
    .filter((trial) => trial.bytes !== null || trial.baseline)
    .map((trial) => ({ value: trial.id, label: trial.name }));
  const swap = (): void => {
    if (a !== null && b !== null) useSession.setState({ a: b, b: a });
  };
  return (
    <div className={classes['toolbar']} role="toolbar" aria-label="Trials to compare">
      <div className={classes['field']}>
        <Text fw={600}>A</Text>
        <Select aria-label="Trial A" data={data} value={a} w={230} onChange={(id) => id !== null && setReference(id)} />
      </div>
      <Tooltip label="Swap A and B">
        <ActionIcon aria-label="Swap A and B" disabled={b === null} onClick={swap}>
          <IconArrowsExchange size={15} />
        </ActionIcon>
      </Tooltip>
      <div className={classes['field']}>
        <Text fw={600}>B</Text>
        <Select
          aria-label="Trial B"
          data={data.filter(({ value }) => value !== a)}
          value={b}
          w={230}
          placeholder="choose a trial"
          onChange={(id) => id !== null && showTrial(id)}
        />
      </div>
      <Button variant="default" title="Confusion matrix, accuracy of each class" onClick={() => showDialog('accuracy')}>
        Accuracy in detail…
      </Button>
      <Text className="lap-muted">Ratios are B to A; deltas B minus A.</Text>
    </div>
  );
}
