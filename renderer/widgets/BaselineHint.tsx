import type { ReactNode } from 'react';
import { Button, Group, Text } from '@mantine/core';
import { evaluatedOn } from '../../main/judge/predict/metric.ts';
import { hasUnlabelledData } from '../state/data.ts';
import { useSession } from '../state/session.ts';
import { createTaskStore } from '../state/task.ts';
import { TaskLine } from './TaskLine.tsx';
import { evaluateBaseline } from './measure.ts';

const useBaselineTask = createTaskStore();

/** Says that the baseline was not measured on the chosen data, without which nothing can be predicted; measures it. */
export function BaselineHint(): ReactNode {
  const baseline = useSession((state) => state.trials.find((trial) => trial.baseline));
  const datasetId = useSession((state) => state.datasetId);
  const unlabelled = useSession(hasUnlabelledData);
  const task = useBaselineTask();
  if (baseline === undefined || datasetId === null || unlabelled) return null;
  const measured = evaluatedOn(baseline) === datasetId;
  if (measured && task.state.status !== 'running') return null;
  return (
    <Group gap="xs" role="note" px={10} py={4}>
      <Text className="lap-muted">
        The baseline’s accuracy on these data is not known yet; predictions start from it.
      </Text>
      {task.state.status !== 'running' && (
        <Button variant="default" onClick={() => void task.run((handle) => evaluateBaseline(handle))}>
          Measure baseline
        </Button>
      )}
      <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />
    </Group>
  );
}
