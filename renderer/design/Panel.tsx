import { ActionIcon } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
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
  /** Folds the panel to its header; absent: it does not fold. */
  readonly fold?: { readonly open: boolean; readonly onToggle: () => void };
}

/** A titled region of the window. */
export function Panel({ title, actions, note, children, scroll = true, className, fold }: PanelProps): ReactNode {
  const open = fold?.open ?? true;
  return (
    <section
      aria-label={title}
      className={`${classes['panel']} ${className ?? ''}`}
      data-open={open}
      data-folds={fold !== undefined}
    >
      <header className={classes['header']}>
        {fold !== undefined && (
          <ActionIcon
            size={18}
            aria-expanded={open}
            aria-label={`${open ? 'Fold' : 'Open'} ${title}`}
            onClick={fold.onToggle}
          >
            {open ? <IconChevronDown size={12} /> : <IconChevronRight size={12} />}
          </ActionIcon>
        )}
        <h2 className={classes['title']}>{title}</h2>
        {note !== undefined && <span className={classes['note']}>{note}</span>}
        <span className={classes['space']} />
        {open && actions}
      </header>
      {open && <div className={scroll ? classes['scroll'] : classes['body']}>{children}</div>}
    </section>
  );
}
