import { Button, Switch } from '@mantine/core';
import { IconPlayerPlay, IconRuler2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { quantizeKind, type QuantizeStep } from '../../../../main/contract/recipe/quantize.ts';
import type { Trial } from '../../../../main/contract/studio.ts';
import { Toolbar, ToolbarSpace } from '../../../design/Task.tsx';
import { calibrationFor, useData } from '../../../state/data.ts';
import { NEW_STEP, settingsOf } from '../../../state/recipe-draft.ts';
import { editKind, hasStep, useEditedStep, useRecipe } from '../../../state/recipe.ts';
import { useSession } from '../../../state/session.ts';
import { DataControl } from '../../../widgets/DataControl.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { measureTrialErrors, runQuantize, useErrorsTask, useQuantizeTask } from '../store.ts';

/** "Int8 (static)", "Int2 weights". */
function titleOf(scheme: QuantizeStep['scheme']): string {
  const field = quantizeKind.fields.find(({ key }) => key === 'scheme');
  const title = field?.control === 'choice' ? field.choices.find(({ value }) => value === scheme)?.title : undefined;
  const [first = scheme, detail] = (title ?? scheme).split(', ');
  return `${first.charAt(0).toUpperCase()}${first.slice(1)}${detail === undefined ? '' : ` (${detail})`}`;
}

/** The switch, the data, Run; and the errors of the trial that is shown. */
export function QuantizeToolbar({ trial }: { readonly trial: Trial | null }): ReactNode {
  const step = settingsOf(useEditedStep('quantize'), 'quantize') ?? NEW_STEP.quantize;
  const enabled = useRecipe(({ draft }) => hasStep(draft, 'quantize'));
  const pruned = useRecipe(({ draft }) => hasStep(draft, 'prune'));
  const calibrationId = useData((state) => state.calibrationId);
  const datasetId = useSession((state) => state.datasetId);
  const hasData = useSession(
    (state) => calibrationFor(state.datasets, { calibrationId, evaluationId: state.datasetId }) !== null,
  );
  const task = useQuantizeTask();
  const errors = useErrorsTask();
  const why = !enabled
    ? 'Switch int8 on first'
    : hasData
      ? `Makes the int8 model${pruned ? ', pruned too,' : ''} and measures it on all evaluation samples`
      : 'Static int8 needs calibration data';
  return (
    <Toolbar label="Quantization">
      <Switch
        label={titleOf(step.scheme)}
        checked={enabled}
        onChange={(event) => editKind('quantize', { off: !event.currentTarget.checked })}
      />
      <DataControl calibration />
      <ToolbarSpace />
      <TaskLine state={task.state} title="Quantizing" onCancel={task.cancel} onDismiss={task.dismiss} />
      <TaskLine state={errors.state} title="Measuring errors" onCancel={errors.cancel} onDismiss={errors.dismiss} />
      {/* While the model is made there is nothing to measure, and the bar stays one line. */}
      {errors.state.status !== 'running' && task.state.status !== 'running' && (
        <Button
          variant="default"
          leftSection={<IconRuler2 size={13} />}
          disabled={trial === null || datasetId === null}
          title={
            trial === null
              ? 'Run makes a quantized trial first'
              : `Runs the float model and “${trial.name}” on 32 samples and compares every layer`
          }
          onClick={() => trial !== null && void measureTrialErrors(trial.id)}
        >
          Measure errors
        </Button>
      )}
      {task.state.status !== 'running' && (
        <Button
          leftSection={<IconPlayerPlay size={13} />}
          disabled={!enabled || !hasData}
          title={why}
          onClick={() => void runQuantize()}
        >
          Run
        </Button>
      )}
    </Toolbar>
  );
}
