import { Select } from '@mantine/core';
import type { ReactNode } from 'react';
import { useSession } from '../../state/session.ts';

interface ModelChooserProps {
  readonly title: string;
  /** SHA-256 of the model's file; '': the opened model itself. */
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** One of the models that were opened here. */
export function ModelChooser({ title, value, onChange }: ModelChooserProps): ReactNode {
  const recents = useSession((state) => state.recents);
  const opened = useSession((state) => state.model?.entry.id);
  const others = recents.filter(({ id, available }) => id !== opened && available);
  const known = others.map(({ id, name }) => ({ value: id, label: name }));
  const missing =
    value === '' || others.some(({ id }) => id === value) ? [] : [{ value, label: `${value.slice(0, 8)}… (not here)` }];
  return (
    <Select
      aria-label={title}
      w={136}
      value={value}
      data={[{ value: '', label: 'This model' }, ...known, ...missing]}
      comboboxProps={{ width: 'max-content', position: 'bottom-end' }}
      onChange={(next) => onChange(next ?? '')}
    />
  );
}
