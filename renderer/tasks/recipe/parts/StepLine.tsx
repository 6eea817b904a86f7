import { ActionIcon, Menu, Switch } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronDown,
  IconChevronRight,
  IconCopy,
  IconDots,
  IconGripVertical,
  IconTrash,
} from '@tabler/icons-react';
import type { KeyboardEvent, ReactNode } from 'react';
import { stepParts } from '../../../../main/contract/recipe/kinds.ts';
import { describeStep } from '../../../../main/judge/recipe/words.ts';
import type { DraftStep } from '../../../state/recipe-draft.ts';
import { copyStep, moveStep, removeStep, switchStep, useRecipe } from '../../../state/recipe.ts';
import classes from '../RecipePanel.module.css';
import { StepEditor } from './StepEditor.tsx';

interface StepLineProps {
  readonly entry: DraftStep;
  readonly index: number;
  readonly count: number;
  /** Why it cannot stand where it stands, or null. */
  readonly problem: string | null;
  /** Its settings are shown. */
  readonly open: boolean;
  readonly dragged: boolean;
  readonly onDrag: (key: string | null) => void;
  readonly onDragOver: () => void;
}

/** One step: what it does in words, its switch, its menu; opened, its settings. */
export function StepLine({
  entry,
  index,
  count,
  problem,
  open,
  dragged,
  onDrag,
  onDragOver,
}: StepLineProps): ReactNode {
  const { key, off, step } = entry;
  const { title } = stepParts(step).kind;
  const words = describeStep(step);
  const toggle = (): void => useRecipe.getState().choose(open ? null : key);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.altKey && event.key === 'ArrowUp') moveStep(key, index - 1);
    else if (event.altKey && event.key === 'ArrowDown') moveStep(key, index + 1);
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') focusNeighbour(event);
    else if (event.key === 'Delete') removeStep(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <li
      className={classes['step']}
      data-off={off}
      data-open={open}
      data-dragged={dragged}
      onDragOver={(event) => {
        event.preventDefault();
        onDragOver();
      }}
    >
      <div className={classes['line']}>
        <span
          className={classes['grip']}
          draggable
          title="Drag to another place"
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = 'move';
            event.dataTransfer.setData('text/plain', title);
            onDrag(key);
          }}
          onDragEnd={() => onDrag(null)}
        >
          <IconGripVertical size={12} />
        </span>
        <button
          type="button"
          className={classes['head']}
          aria-expanded={open}
          aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown Delete"
          onClick={toggle}
          onKeyDown={onKeyDown}
        >
          {open ? <IconChevronDown size={11} /> : <IconChevronRight size={11} />}
          <b>
            <span className="lap-unseen">Step </span>
            {index + 1}. {title}
          </b>
          <span className="lap-unseen">
            {words}
            {off && ', switched off'}
          </span>
        </button>
        <Switch
          aria-label={`Apply step ${index + 1}`}
          checked={!off}
          onChange={(event) => switchStep(key, !event.currentTarget.checked)}
        />
        <StepMenu entry={entry} index={index} count={count} />
      </div>
      <p className={classes['words']}>
        {words}
        {off && ' · switched off'}
      </p>
      {problem !== null && (
        <p className={classes['problem']} role="alert">
          {problem}
        </p>
      )}
      {open && <StepEditor entry={entry} />}
    </li>
  );
}

function focusNeighbour(event: KeyboardEvent<HTMLElement>): void {
  const heads = [...(event.currentTarget.closest('ol')?.querySelectorAll<HTMLElement>(`.${classes['head']}`) ?? [])];
  const at = heads.indexOf(event.currentTarget);
  heads[at + (event.key === 'ArrowUp' ? -1 : 1)]?.focus();
}

function StepMenu({ entry, index, count }: Pick<StepLineProps, 'entry' | 'index' | 'count'>): ReactNode {
  const { key } = entry;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon size={20} aria-label={`More for step ${index + 1}`}>
          <IconDots size={13} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconArrowUp size={13} />}
          disabled={index === 0}
          onClick={() => moveStep(key, index - 1)}
        >
          Move up
        </Menu.Item>
        <Menu.Item
          leftSection={<IconArrowDown size={13} />}
          disabled={index === count - 1}
          onClick={() => moveStep(key, index + 1)}
        >
          Move down
        </Menu.Item>
        <Menu.Item leftSection={<IconCopy size={13} />} onClick={() => copyStep(key)}>
          Duplicate
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={13} />} color="red" onClick={() => removeStep(key)}>
          Remove
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
