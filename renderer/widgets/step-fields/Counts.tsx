import { ActionIcon, NumberInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './step-fields.module.css';

interface CountsProps {
  readonly title: string;
  readonly minimum: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly onChange: (counts: Readonly<Record<string, number>>, stroke: boolean) => void;
}

/** Readonly<Record<string, number>> by name; names come in where they are shown (a table's slider), and go here. */
export function Counts({ title, minimum, counts, onChange }: CountsProps): ReactNode {
  const names = Object.keys(counts);
  if (names.length === 0) return <span className="lap-muted">none</span>;
  return (
    <ul className={classes['layers']} aria-label={title}>
      {names.map((name) => (
        <li key={name}>
          <span>{name}</span>
          <NumberInput
            aria-label={`${title}, ${name}`}
            w={64}
            min={minimum}
            allowDecimal={false}
            value={counts[name] ?? minimum}
            onChange={(count) =>
              typeof count === 'number' && count >= minimum && onChange({ ...counts, [name]: count }, true)
            }
          />
          <ActionIcon
            size={16}
            aria-label={`Take ${name} off the list`}
            onClick={() =>
              onChange(Object.fromEntries(Object.entries(counts).filter(([other]) => other !== name)), false)
            }
          >
            <IconX size={11} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
