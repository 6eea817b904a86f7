import { ActionIcon } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { LayerLink } from '../LayerLink.tsx';
import classes from './step-fields.module.css';

interface LayerNamesProps {
  readonly title: string;
  readonly layers: readonly string[];
  readonly onChange: (layers: readonly string[]) => void;
}

/** Layers that a step leaves alone; they come in where they are shown, and go here. */
export function LayerNames({ title, layers, onChange }: LayerNamesProps): ReactNode {
  if (layers.length === 0) return <span className="lap-muted">none</span>;
  return (
    <ul className={classes['layers']} aria-label={title}>
      {layers.map((layer) => (
        <li key={layer}>
          <LayerLink name={layer} />
          <ActionIcon
            size={16}
            aria-label={`Take ${layer} off the list`}
            onClick={() => onChange(layers.filter((name) => name !== layer))}
          >
            <IconX size={11} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
