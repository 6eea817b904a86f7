import type { ReactNode } from 'react';
import classes from './Panel.module.css';

export interface PanelProps {
  /** Read by screen readers and drawn in the header. */
  readonly title: string;
  /** Controls at the right of the header. */
  readonly actions?: ReactNode;
  /** Beside the title, muted: a count, a source. */
  readonly note?: ReactNode;
  readonly children: ReactNode;
  /** False: the content brings its own scrolling. */
  readonly scroll?: boolean;
  readonly className?: string;
}

/** A titled region of the window. */
export function Panel({ title, actions, note, children, scroll = true, className }: PanelProps): ReactNode {
  return (
    <section aria-label={title} className={`${classes['panel']} ${className ?? ''}`}>
      <header className={classes['header']}>
        <h2 className={classes['title']}>{title}</h2>
        {note !== undefined && <span className={classes['note']}>{note}</span>}
        <span className={classes['space']} />
        {actions}
      </header>
      <div className={scroll ? classes['scroll'] : classes['body']}>{children}</div>
    </section>
  );
}
