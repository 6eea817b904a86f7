import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { STEP_KINDS } from '../../../../main/contract/recipe/kinds.ts';
import { orderProblems } from '../../../../main/judge/recipe/words.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { wholeRecipe } from '../../../state/recipe-draft.ts';
import { addStep, moveStep, useRecipe } from '../../../state/recipe.ts';
import classes from '../RecipePanel.module.css';
import { StepLine } from './StepLine.tsx';

/** The steps in order. Dragged, or moved with Alt and the arrows. */
export function StepList(): ReactNode {
  const draft = useRecipe((state) => state.draft);
  const chosen = useRecipe((state) => state.chosen);
  const problems = useMemo(() => orderProblems(wholeRecipe(draft)), [draft]);
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
          problem={problems.get(index) ?? null}
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
