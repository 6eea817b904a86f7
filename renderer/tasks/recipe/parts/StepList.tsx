import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { addStep, moveStep, useRecipe } from '../../../state/recipe.ts';
import { STEP_KINDS } from '../step-kinds.ts';
import classes from '../RecipePanel.module.css';
import { StepLine } from './StepLine.tsx';

/** The steps in order. Dragged, or moved with Alt and the arrows. */
export function StepList(): ReactNode {
  const draft = useRecipe((state) => state.draft);
  const chosen = useRecipe((state) => state.chosen);
  const [dragged, setDragged] = useState<string | null>(null);
  if (draft.length === 0) {
    return (
      <EmptyState
        title="No steps yet"
        action={
          <div className={classes['start']}>
            {STEP_KINDS.map(({ kind, title, help }) => (
              <Button key={kind} variant="default" title={help} onClick={() => addStep(kind)}>
                {title}
              </Button>
            ))}
          </div>
        }
      >
        Steps turn the opened model into another one; the file itself stays as it is.
      </EmptyState>
    );
  }
  return (
    <ol className={classes['steps']} aria-label="Steps">
      {draft.map((entry, index) => (
        <StepLine
          key={entry.key}
          entry={entry}
          index={index}
          count={draft.length}
          open={entry.key === chosen}
          dragged={entry.key === dragged}
          onDrag={setDragged}
          onDragOver={() => dragged !== null && dragged !== entry.key && moveStep(dragged, index)}
        />
      ))}
    </ol>
  );
}
