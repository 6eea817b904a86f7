import { Button, SegmentedControl, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { Field, Toolbar, ToolbarSpace } from '../../../design/Task.tsx';
import { NEW_STEP, settingsOf } from '../../../state/recipe-draft.ts';
import { editKind, hasStep, useEditedStep, useRecipe } from '../../../state/recipe.ts';
import { DataControl } from '../../../widgets/DataControl.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { measurePruned, usePruneTask } from '../store.ts';

/** Scope of the cut, the data, the measurement's state. */
export function PruneToolbar(): ReactNode {
  const entry = useEditedStep('prune');
  const { scope } = settingsOf(entry, 'prune') ?? NEW_STEP.prune;
  const int8 = useRecipe(({ draft }) => hasStep(draft, 'quantize'));
  const any = useRecipe(({ draft }) => draft.some((step) => !step.off));
  const task = usePruneTask();
  return (
    <Toolbar label="Pruning">
      <Tooltip
        multiline
        w={300}
        label="Global: one magnitude for all layers, so that layers with many small weights give more. Per layer: the same share in each."
      >
        <span>
          <Field label="Scope">
            <SegmentedControl
              aria-label="Scope"
              value={scope}
              onChange={(value) => editKind('prune', { scope: value as 'global' | 'layer', off: entry?.off ?? true })}
              data={[
                { value: 'global', label: 'Global' },
                { value: 'layer', label: 'Per layer' },
              ]}
            />
          </Field>
        </span>
      </Tooltip>
      <DataControl calibration={int8} />
      <ToolbarSpace />
      <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />
      {task.state.status !== 'running' && (
        <Button
          variant="default"
          disabled={!any}
          title="Makes and measures this recipe on all evaluation samples"
          onClick={() => void measurePruned(null)}
        >
          Measure on all samples
        </Button>
      )}
    </Toolbar>
  );
}
