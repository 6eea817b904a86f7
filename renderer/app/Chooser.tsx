import { Menu } from '@mantine/core';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './Chooser.module.css';

export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  /** Muted, at the right or below: size, status, reason. */
  readonly note?: string;
  readonly disabled?: boolean;
}

interface ChooserProps<T> {
  /** What is chosen, for screen readers and muted on the button. */
  readonly label: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly onChange: (value: T) => void;
  /** The label is read, not drawn. */
  readonly quiet?: boolean;
  readonly width?: number;
  readonly maxWidth?: number;
}

/** A dense button with a menu of choices. */
export function Chooser<T>({
  label,
  value,
  choices,
  onChange,
  quiet = false,
  width = 220,
  maxWidth = 180,
}: ChooserProps<T>): ReactNode {
  const chosen = choices.find((choice) => choice.value === value);
  return (
    <Menu position="bottom-start" width={width}>
      <Menu.Target>
        <button type="button" className={classes['button']} title={`${label}: ${chosen?.label ?? 'none'}`}>
          <span className={quiet ? 'lap-unseen' : classes['label']}>{label}:</span>
          <span className={classes['value']} style={{ maxWidth }}>
            {chosen?.label ?? 'none'}
          </span>
          <IconChevronDown size={12} className={classes['arrow'] ?? ''} />
        </button>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: 'auto' }}>
        <Menu.Label>{label}</Menu.Label>
        {choices.map((choice) => (
          <Menu.RadioItem
            key={String(choice.value)}
            value={String(choice.value)}
            checked={choice.value === value}
            disabled={choice.disabled ?? false}
            closeMenuOnClick
            onChange={() => onChange(choice.value)}
            checkIcon={<IconCheck size={13} />}
            rightSection={choice.note === undefined ? null : <span className={classes['note']}>{choice.note}</span>}
          >
            {choice.label}
          </Menu.RadioItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
