import type { ReactNode } from 'react';
import { Button, SegmentedControl, Text } from '@mantine/core';
import { IconRuler2 } from '@tabler/icons-react';
import type { Trial } from '../../../../main/contract/studio.ts';
import { useSession } from '../../../state/session.ts';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import classes from '../QuantizeView.module.css';
import { measureTrialErrors, useErrorsTask, useQuantizeUi } from '../store.ts';

/** Layers or errors; whose errors; the button that measures them. */
export function SectionBar({ trial }: { readonly trial: Trial | null }): ReactNode {
  const section = useQuantizeUi((ui) => ui.section);
  const datasetId = useSession((state) => state.datasetId);
  const task = useErrorsTask();
  return (
    <div className={classes['toolbar']}>
      <SegmentedControl
        aria-label="Show"
        value={section}
        onChange={(value) => useQuantizeUi.setState({ section: value as 'layers' | 'errors' })}
        data={[
          { value: 'layers', label: 'Layers' },
          { value: 'errors', label: 'Errors' },
        ]}
      />
      <Text className="lap-muted lap-ellipsis">
        {trial === null ? 'No quantized trial yet: Run makes one.' : `of “${trial.name}”`}
      </Text>
      <span style={{ flex: 1 }} />
      <TaskLine state={task.state} title="Measuring errors" onCancel={task.cancel} onDismiss={task.dismiss} />
      <Button
        variant="default"
        leftSection={<IconRuler2 size={13} />}
        disabled={trial === null || datasetId === null || task.state.status === 'running'}
        title="Runs the float and the int8 model on 32 samples and compares every layer"
        onClick={() => {
          if (trial === null) return;
          useQuantizeUi.setState({ section: 'errors' });
          void measureTrialErrors(trial.id);
        }}
      >
        Measure errors
      </Button>
    </div>
  );
}
