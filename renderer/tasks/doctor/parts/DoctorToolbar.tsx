import { Button } from '@mantine/core';
import { IconFileSearch, IconStethoscope } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Trial } from '../../../../main/contract/studio.ts';
import { Toolbar, ToolbarSpace } from '../../../design/Task.tsx';
import { DataControl } from '../../../widgets/DataControl.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { examineTrial, useDoctorTask } from '../store.ts';

/** The data that measured checks run on, and the two examinations. */
export function DoctorToolbar({ trial }: { readonly trial: Trial }): ReactNode {
  const { state, cancel, dismiss } = useDoctorTask();
  return (
    <Toolbar label="Examination">
      <DataControl />
      <ToolbarSpace />
      <TaskLine state={state} title="Examining" onCancel={cancel} onDismiss={dismiss} />
      {state.status !== 'running' && (
        <>
          <Button
            variant="default"
            leftSection={<IconFileSearch size={13} />}
            title="What follows from the file alone; takes no time"
            onClick={() => void examineTrial(trial.id, true)}
          >
            Quick look
          </Button>
          <Button
            leftSection={<IconStethoscope size={13} />}
            title={`Looks at “${trial.name}”, runs it and times it; takes from seconds to a minute`}
            onClick={() => void examineTrial(trial.id, false)}
          >
            Examine
          </Button>
        </>
      )}
    </Toolbar>
  );
}
