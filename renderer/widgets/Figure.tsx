import type { ReactNode } from 'react';
import { Stat } from '../design/Stat.tsx';
import { formatPredicted } from '../../main/judge/format.ts';
import { HelpLabel } from './HelpLabel.tsx';

export interface FigureProps {
  readonly label: string;
  /** The number with its unit; null: not known (yet). */
  readonly value: string | null;
  readonly predicted?: boolean;
  /** The interval, or the value before. */
  readonly note?: string | undefined;
  readonly help?: string;
  /** What stands in place of an unknown number. */
  readonly missing?: string;
}

/** One number of a trial, drawn hollow and with ≈ while it is only predicted. */
export function Figure({ label, value, predicted = false, note, help, missing = '–' }: FigureProps): ReactNode {
  const text = value === null ? missing : predicted ? formatPredicted(value) : value;
  return (
    <Stat
      label={label}
      predicted={predicted && value !== null}
      value={help === undefined ? text : <HelpLabel help={help}>{text}</HelpLabel>}
      {...(note === undefined ? {} : { note })}
    />
  );
}
