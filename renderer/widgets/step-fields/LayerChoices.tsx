import { ActionIcon, Select } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { FieldChoice } from '../../../main/contract/recipe/step-kind.ts';
import { LayerLink } from '../LayerLink.tsx';
import classes from './step-fields.module.css';

interface LayerChoicesProps {
  readonly title: string;
  readonly choices: readonly FieldChoice[];
  readonly chosen: Readonly<Record<string, string>>;
  readonly onChange: (chosen: Readonly<Record<string, string>>) => void;
}

/** A choice for each of some layers; they come in where they are shown, are changed here, and go. */
export function LayerChoices({ title, choices, chosen, onChange }: LayerChoicesProps): ReactNode {
  const layers = Object.keys(chosen);
  if (layers.length === 0) return <span className="lap-muted">none</span>;
  return (
    <ul className={classes['layers']} aria-label={title}>
      {layers.map((layer) => (
        <li key={layer}>
          <LayerLink name={layer} />
          <Select
            aria-label={`${title}, ${layer}`}
            w={104}
            value={chosen[layer] ?? null}
            data={choices.map((choice) => ({ value: String(choice.value), label: choice.title }))}
            comboboxProps={{ width: 'max-content', position: 'bottom-end' }}
            onChange={(value) => value !== null && onChange({ ...chosen, [layer]: value })}
          />
          <ActionIcon
            size={16}
            aria-label={`Take ${layer} off the list`}
            onClick={() => onChange(Object.fromEntries(Object.entries(chosen).filter(([other]) => other !== layer)))}
          >
            <IconX size={11} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
