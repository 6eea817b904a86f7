import type { CSSProperties, ReactNode } from 'react';
import { LOOKS } from '../diff-looks.ts';
import type { StatusCounts } from '../diff-looks.ts';
import classes from './DiffGraphs.module.css';

/** Beside the signs that are no words. */
const WORDS: Readonly<Record<keyof StatusCounts, string>> = {
  same: 'the same',
  changed: 'changed',
  removed: '',
  added: '',
};

/** What colours, signs and shapes mean, and how often each is there. */
export function DiffLegend({ counts }: { readonly counts: StatusCounts }): ReactNode {
  return (
    <ul className={classes['legend']} aria-label="Legend">
      {(['same', 'changed', 'removed', 'added'] as const).map((status) => (
        <li key={status}>
          <span className={classes['swatch']} style={swatch(status)} />
          <b>{LOOKS[status].sign}</b> {WORDS[status]}
          <span className="lap-muted">{counts[status]}</span>
        </li>
      ))}
    </ul>
  );
}

function swatch(status: keyof StatusCounts): CSSProperties {
  const { color, cut } = LOOKS[status];
  const shown = color ?? 'var(--lap-raised)';
  if (cut === 'hole') return { border: `3px solid ${shown}` };
  if (cut === 'half') return { background: `linear-gradient(transparent 50%, ${shown} 50%)`, borderColor: shown };
  return { background: shown };
}
