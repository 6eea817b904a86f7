import { ActionIcon, NumberInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './step-fields.module.css';

type Range = readonly [least: number, greatest: number];

interface RangesProps {
  readonly title: string;
  readonly ranges: Readonly<Record<string, Range>>;
  readonly onChange: (ranges: Readonly<Record<string, Range>>, stroke: boolean) => void;
}

/** Least and greatest value of some tensors; they come in where a tensor's values are shown, are changed here, and go. */
export function Ranges({ title, ranges, onChange }: RangesProps): ReactNode {
  const entries = Object.entries(ranges);
  if (entries.length === 0) return <span className="lap-muted">none</span>;
  return (
    <ul className={classes['layers']} aria-label={title}>
      {entries.map(([name, range]) => (
        <li key={name}>
          <span className={classes['tensor']} title={name}>
            {name}
          </span>
          {(['least', 'greatest'] as const).map((end, at) => (
            <NumberInput
              key={end}
              aria-label={`${title}, ${end} of ${name}`}
              w={70}
              hideControls
              value={Number(range[at]!.toPrecision(5))}
              onChange={(value) => {
                const next: Range = at === 0 ? [Number(value), range[1]] : [range[0], Number(value)];
                if (value !== '' && next[0] < next[1]) onChange({ ...ranges, [name]: next }, true);
              }}
            />
          ))}
          <ActionIcon
            size={16}
            aria-label={`Take ${name} off the list`}
            onClick={() => onChange(Object.fromEntries(entries.filter(([other]) => other !== name)), false)}
          >
            <IconX size={11} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
