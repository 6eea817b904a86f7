import { Button, Select } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { memo } from 'react';
import type { ReactNode } from 'react';
import { distillKind, type DistillPreset } from '../../../../main/contract/recipe/distill.ts';
import type { Training } from '../../../../main/contract/training.ts';
import { Field, Toolbar, ToolbarSpace } from '../../../design/Task.tsx';
import { calibrationFor, useData } from '../../../state/data.ts';
import { kindOf, settingsOf } from '../../../state/recipe-draft.ts';
import { editKind, useEditedStep, useRecipe } from '../../../state/recipe.ts';
import { useSession } from '../../../state/session.ts';
import { DataControl } from '../../../widgets/DataControl.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { suggestedPreset } from '../model.ts';
import { orderTraining, runDistill, useDistillTask } from '../store.ts';

const PRESETS = distillKind.fields.flatMap((field) =>
  field.key === 'preset' && field.control === 'choice' ? field.choices : [],
);

interface DistillToolbarProps {
  /** The trial that is being trained now, and how that stands; null: none is. */
  readonly trialId: string | null;
  readonly status: Training['status'] | null;
}

/** The preset, the data, Run; and while it trains, Pause and Keep the best. */
export const DistillToolbar = memo(function DistillToolbar({ trialId, status }: DistillToolbarProps): ReactNode {
  const entry = useEditedStep('distill');
  const preset = settingsOf(entry, 'distill')?.preset ?? null;
  const draft = useRecipe((state) => state.draft);
  const hasData = useHasData();
  const task = useDistillTask();
  const suggested = suggestedPreset(draft.filter(({ off }) => !off).map(({ step }) => kindOf(step)));
  const enabled = entry !== undefined && !entry.off;
  const why = !hasData
    ? 'Training takes samples: choose calibration data'
    : enabled
      ? 'Makes the model of the recipe, trains it, and measures it'
      : 'Adds a distill step to the recipe, trains the model, and measures it';
  return (
    <Toolbar label="Distillation">
      <Field label="Preset">
        <Select
          aria-label="Preset"
          w={190}
          data={PRESETS.map(({ value, title }) => ({ value: String(value), label: title }))}
          value={preset ?? suggested}
          renderOption={({ option }) => <PresetOption value={option.value} />}
          comboboxProps={{ width: 340, position: 'bottom-start' }}
          onChange={(value) => value !== null && editKind('distill', { preset: value as DistillPreset, off: false })}
        />
      </Field>
      <DataControl calibration />
      <ToolbarSpace />
      <TaskLine state={task.state} title="Distilling" onCancel={task.cancel} onDismiss={task.dismiss} />
      {trialId !== null && status !== null ? (
        <RunControls trialId={trialId} status={status} />
      ) : (
        task.state.status !== 'running' && (
          <Button
            leftSection={<IconPlayerPlay size={13} />}
            disabled={!hasData}
            title={why}
            onClick={() => {
              if (!enabled) editKind('distill', { preset: preset ?? suggested, off: false });
              void runDistill();
            }}
          >
            Run
          </Button>
        )
      )}
    </Toolbar>
  );
});

function PresetOption({ value }: { readonly value: string }): ReactNode {
  const preset = PRESETS.find((choice) => choice.value === value);
  return (
    <span>
      {preset?.title}
      <br />
      <small className="lap-muted">{preset?.help}</small>
    </span>
  );
}

interface RunControlsProps {
  readonly trialId: string;
  readonly status: Training['status'];
}

function RunControls({ trialId, status }: RunControlsProps): ReactNode {
  if (status === 'done' || status === 'stopped') return null;
  const paused = status === 'paused';
  return (
    <>
      <Button
        variant="default"
        leftSection={paused ? <IconPlayerPlay size={13} /> : <IconPlayerPause size={13} />}
        onClick={() => void orderTraining(trialId, paused ? 'go' : 'pause')}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={13} />}
        title="Ends the training; the best state so far becomes the trial"
        onClick={() => void orderTraining(trialId, 'stop')}
      >
        Keep the best
      </Button>
    </>
  );
}

function useHasData(): boolean {
  const calibrationId = useData((state) => state.calibrationId);
  return useSession(
    (state) => calibrationFor(state.datasets, { calibrationId, evaluationId: state.datasetId }) !== null,
  );
}
