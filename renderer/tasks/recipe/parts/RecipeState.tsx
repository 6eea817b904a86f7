import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { loadRecipe } from '../../../state/recipe.ts';
import { showTrial, useShownTrial } from '../../../state/session.ts';
import { createTaskStore } from '../../../state/task.ts';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { measureDraft } from '../../../widgets/measure.ts';
import { useDraftTrial } from '../../../widgets/useDraftPrediction.ts';
import classes from '../RecipePanel.module.css';

const useRunTask = createTaskStore();

/** Which trial these steps are, or that they were not measured yet; and how the shown trial's steps are taken over. */
export function RecipeState(): ReactNode {
  const draft = useDraftTrial();
  const shown = useShownTrial();
  const task = useRunTask();
  if (draft === null || shown === undefined) return null;
  const { measured, recipe } = draft;
  const empty = recipe.steps.length === 0;
  const own = measured !== null && measured.id === shown.id;
  const loadable = !own && shown.recipe.steps.length > 0;
  if (empty && !loadable && task.state.status === 'idle') return null;
  return (
    <div className={classes['state']}>
      {task.state.status !== 'running' && (
        <span className="lap-ellipsis" title={measured?.name}>
          {empty ? 'Nothing is applied' : measured === null ? 'Not measured yet' : `Is “${measured.name}”`}
        </span>
      )}
      <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />
      {task.state.status !== 'running' && (
        <>
          {loadable && (
            <Button
              variant="subtle"
              title={`Take over the steps of “${shown.name}”`}
              onClick={() => loadRecipe(shown.recipe)}
            >
              Load shown
            </Button>
          )}
          {!empty && measured === null && (
            <Button
              variant="light"
              title="Makes the model of these steps and measures it"
              onClick={() => void task.run((handle) => measureDraft(handle, { limit: null }))}
            >
              Measure
            </Button>
          )}
          {measured !== null && !own && !empty && (
            <Button variant="subtle" onClick={() => showTrial(measured.id)}>
              Show
            </Button>
          )}
        </>
      )}
    </div>
  );
}
