import type { ReactNode } from 'react';
import { Button, Switch } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { calibrationFor, useData } from '../../../state/data.ts';
import { editQuantize, useRecipe } from '../../../state/recipe.ts';
import { useSession } from '../../../state/session.ts';
import { DataControl } from '../../../widgets/DataControl.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import classes from '../QuantizeView.module.css';
import { runQuantize, useQuantizeTask } from '../store.ts';

/** The switch, the data, Run. */
export function QuantizeToolbar(): ReactNode {
  const enabled = useRecipe((state) => state.draft.quantize.enabled);
  const pruned = useRecipe((state) => state.draft.prune.enabled);
  const calibrationId = useData((state) => state.calibrationId);
  const hasData = useSession(
    (state) => calibrationFor(state.datasets, { calibrationId, evaluationId: state.datasetId }) !== null,
  );
  const task = useQuantizeTask();
  const running = task.state.status === 'running';
  const why = !enabled
    ? 'Switch int8 on first'
    : hasData
      ? `Makes the int8 model${pruned ? ', pruned too,' : ''} and measures it on all evaluation samples`
      : 'Static int8 needs calibration data';
  return (
    <div className={classes['toolbar']} role="toolbar" aria-label="Quantization">
      <Switch
        label="Int8 (static)"
        checked={enabled}
        onChange={(event) => editQuantize({ enabled: event.currentTarget.checked })}
      />
      <DataControl calibration />
      <span style={{ flex: 1 }} />
      <TaskLine state={task.state} title="Quantizing" onCancel={task.cancel} onDismiss={task.dismiss} />
      {!running && (
        <Button
          leftSection={<IconPlayerPlay size={13} />}
          disabled={!enabled || !hasData}
          title={why}
          onClick={() => void runQuantize()}
        >
          Run
        </Button>
      )}
    </div>
  );
}
