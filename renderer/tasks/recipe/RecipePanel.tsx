import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { STEP_KINDS } from '../../../main/contract/recipe/kinds.ts';
import { Panel } from '../../design/Panel.tsx';
import { addStep, useRecipe } from '../../state/recipe.ts';
import { useFold } from '../../widgets/use-fold.ts';
import { StepList } from './parts/StepList.tsx';
import { RecipeState } from './parts/RecipeState.tsx';

/** The recipe being edited: its steps in order, the same in every task. */
export function RecipePanel(): ReactNode {
  const fold = useFold('recipe');
  const count = useRecipe((state) => state.draft.length);
  const canUndo = useRecipe((state) => state.past.length > 0);
  const canRedo = useRecipe((state) => state.future.length > 0);
  const undo = useRecipe((state) => state.undo);
  const redo = useRecipe((state) => state.redo);
  return (
    <Panel
      title="Recipe"
      note={count === 0 ? 'empty' : count === 1 ? '1 step' : `${count} steps`}
      fold={fold}
      scroll={false}
      actions={
        <>
          <Tooltip label="Undo">
            <ActionIcon aria-label="Undo" disabled={!canUndo} onClick={undo}>
              <IconArrowBackUp size={14} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Redo">
            <ActionIcon aria-label="Redo" disabled={!canRedo} onClick={redo}>
              <IconArrowForwardUp size={14} />
            </ActionIcon>
          </Tooltip>
          <AddMenu />
        </>
      }
    >
      <RecipeState />
      <StepList />
    </Panel>
  );
}

function AddMenu(): ReactNode {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Tooltip label="Add a step">
          <ActionIcon aria-label="Add a step">
            <IconPlus size={14} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {STEP_KINDS.map(({ kind, title, help }) => (
          <Menu.Item key={kind} title={help} onClick={() => addStep(kind)}>
            {title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
