import { Button, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { needsCalibration } from '../../../../main/contract/recipe/kinds.ts';
import { pruneKind } from '../../../../main/contract/recipe/prune.ts';
import { effectiveFields } from '../../../../main/contract/recipe/step-fields.ts';
import type { StepField } from '../../../../main/contract/recipe/step-kind.ts';
import { Field, Toolbar, ToolbarSpace } from '../../../design/Task.tsx';
import { NEW_STEP, recipeOf, settingsOf } from '../../../state/recipe-draft.ts';
import { addStep, editKind, hasStep, useEditedStep, useRecipe } from '../../../state/recipe.ts';
import { DataControl } from '../../../widgets/DataControl.tsx';
import { FieldControl } from '../../../widgets/step-fields/FieldControl.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { measurePruned, releaseSlider, usePruneTask } from '../store.ts';

/** Settings that stand elsewhere in the task: the sliders, the checks in the layers table, and names with numbers in the recipe. */
const ELSEWHERE: ReadonlySet<string> = new Set(['sparsity', 'exclude', 'target', 'widths', 'ranks']);

/** Structures of which a slider says how much goes. */
const HAS_SLIDER: ReadonlySet<unknown> = new Set(['element', 'channel', 'block', 'rank']);

/** How weights are chosen, the data, the measurement's state. */
export function PruneToolbar(): ReactNode {
  const entry = useEditedStep('prune');
  const settings = settingsOf(entry, 'prune') ?? NEW_STEP.prune;
  const calibrated = useRecipe(({ draft }) => needsCalibration(recipeOf(draft)));
  const any = useRecipe(({ draft }) => draft.some((step) => !step.off));
  const unrepaired = useRecipe(({ draft }) => !hasStep(draft, 'repair'));
  const task = usePruneTask();
  const change = (key: string, value: unknown, stroke?: string): void => {
    // Where there is nothing to slide, the choice itself is the wish to prune.
    const off = key === 'structure' ? HAS_SLIDER.has(value) && (entry?.off ?? true) : (entry?.off ?? true);
    // What can be made up for is asked group by group: what that tells of widths is the reason to ask.
    const scope = key === 'score' && value === 'obs' ? { scope: 'optimal' as const } : {};
    editKind('prune', { [key]: value, ...scope, off }, stroke);
  };
  return (
    <Toolbar label="Pruning">
      {effectiveFields(pruneKind.fields, settings)
        .filter(({ key }) => !ELSEWHERE.has(key))
        .map((field) => (
          <Tooltip key={field.key} multiline w={300} label={helpOf(field)}>
            <span>
              <Field label={field.title}>
                <FieldControl
                  field={field}
                  value={(settings as Readonly<Record<string, unknown>>)[field.key]}
                  onChange={change}
                />
              </Field>
            </span>
          </Tooltip>
        ))}
      <DataControl calibration={calibrated} />
      <ToolbarSpace />
      <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />
      {'target' in settings && unrepaired && entry?.off === false && (
        <Button
          variant="default"
          title="Fits the weights that stay to the model as it was, on calibration data, without training"
          onClick={() => {
            addStep('repair');
            releaseSlider();
          }}
        >
          Add repair
        </Button>
      )}
      {task.state.status !== 'running' && (
        <Button
          variant="default"
          disabled={!any}
          title="Makes and measures this recipe on all evaluation samples"
          onClick={() => void measurePruned()}
        >
          Measure on all samples
        </Button>
      )}
    </Toolbar>
  );
}

/** What a setting means, and what each of its choices does. */
function helpOf(field: StepField): ReactNode {
  if (field.control !== 'choice') return field.help;
  return (
    <>
      {field.help}
      {field.choices.map(({ title, help }) => (
        <div key={title}>
          <b>{title}</b>: {help}
        </div>
      ))}
    </>
  );
}
