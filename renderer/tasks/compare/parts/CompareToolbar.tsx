import type { ReactNode } from 'react';
import { ActionIcon, Button, Select, Tooltip } from '@mantine/core';
import { IconArrowsExchange, IconFileSearch, IconX } from '@tabler/icons-react';
import { pickPath } from '../../../state/pick-path.ts';
import { compareWithFile, useComparedFile } from '../store.ts';
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
  const file = useComparedFile();
  const chooseFile = async (): Promise<void> => {
    const path = await pickPath('model');
    if (path !== null) compareWithFile(path);
  };
  const swap = (): void => {
    if (a !== null && b !== null) useSession.setState({ a: b, b: a });
  };
  return (
    <Toolbar label="Trials to compare">
      <Field label="A">
        <Select aria-label="Trial A" data={data} value={a} w={230} onChange={(id) => id !== null && setReference(id)} />
      </Field>
      <Tooltip label="Swap A and B">
        <ActionIcon aria-label="Swap A and B" disabled={b === null || file !== null} onClick={swap}>
          <IconArrowsExchange size={15} />
        </ActionIcon>
      </Tooltip>
      <Field label="B">
        {file === null ? (
          <Select
            aria-label="Trial B"
            data={data.filter(({ value }) => value !== a)}
            value={b}
            w={230}
            placeholder="choose a trial"
            onChange={(id) => id !== null && showTrial(id)}
          />
        ) : (
          <Button
            variant="default"
            title={file}
            rightSection={<IconX size={12} />}
            aria-label={`Compare with a trial instead of ${fileName(file)}`}
            onClick={() => compareWithFile(null)}
          >
            {fileName(file)}
          </Button>
        )}
      </Field>
      <Tooltip
        label="Compare with any other model file; layers are matched by weights, names and places"
        multiline
        w={260}
      >
        <Button variant="default" leftSection={<IconFileSearch size={13} />} onClick={() => void chooseFile()}>
          File…
        </Button>
      </Tooltip>
      <Button variant="default" title="Confusion matrix, accuracy of each class" onClick={() => showDialog('accuracy')}>
        Accuracy in detail…
      </Button>
      <SettingsChooser trials={shown} benefit={benefit} />
    </Toolbar>
  );
}

function fileName(path: string): string {
  return path.split(/[\\/]/u).at(-1) ?? path;
}
