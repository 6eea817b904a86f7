import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Trial } from '../../../main/contract/studio.ts';
import { EmptyState } from '../../design/EmptyState.tsx';
import { Stage, Task } from '../../design/Task.tsx';
import { useTrialDoctor } from '../../state/queries.ts';
import { useShownTrial } from '../../state/session.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
import { DoctorToolbar } from './parts/DoctorToolbar.tsx';
import { Report } from './parts/Report.tsx';
import { examineTrial, useDoctorTask } from './store.ts';

/** The Doctor task: what makes the shown model slow, wrong or large here, and what to do about it. */
export function DoctorView(): ReactNode {
  const trial = useShownTrial();
  const report = useTrialDoctor(trial?.id ?? null);
  if (trial === undefined)
    return <EmptyState title="No model is open">Open one to have it examined on this machine.</EmptyState>;
  return (
    <Task>
      <DoctorToolbar trial={trial} />
      <Stage>
        <Loaded query={report} loading="Looking for what was found before…">
          {(value) => (value === null ? <NotExamined trial={trial} /> : <Report report={value} trial={trial} />)}
        </Loaded>
      </Stage>
    </Task>
  );
}

function NotExamined({ trial }: { readonly trial: Trial }): ReactNode {
  const running = useDoctorTask((task) => task.state.status === 'running');
  return (
    <EmptyState
      title="Not examined yet"
      action={
        <Button loading={running} onClick={() => void examineTrial(trial.id, false)}>
          Examine now
        </Button>
      }
    >
      The doctor looks for what makes a model slow, wrong or large on this machine: layers that stay in float between
      integers, kernels that compute something else, ranges that do not fit, weights stored twice. Each finding has
      numbers, and a fix where there is one.
    </EmptyState>
  );
}
