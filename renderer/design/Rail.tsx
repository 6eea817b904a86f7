import type { ReactNode } from 'react';
import classes from './Rail.module.css';

export interface RailProps {
  readonly side: 'left' | 'right';
  /** The panels that are folded into it. */
  readonly panels: readonly { readonly title: string; readonly onOpen: () => void }[];
}

/** The edge of the window where folded panels wait: their names, upright; a click opens one. */
export function Rail({ side, panels }: RailProps): ReactNode {
  return (
    <nav className={classes['rail']} data-side={side} aria-label={`Folded panels, ${side}`}>
      {panels.map(({ title, onOpen }) => (
        <button key={title} type="button" aria-expanded={false} aria-label={`Open ${title}`} onClick={onOpen}>
          {title}
        </button>
      ))}
    </nav>
  );
}
