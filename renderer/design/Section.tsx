import { useState } from 'react';
import type { ReactNode } from 'react';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import classes from './Section.module.css';

export interface SectionProps {
  readonly title: string;
  readonly note?: ReactNode;
  readonly children: ReactNode;
  readonly startOpen?: boolean;
  readonly id?: string;
}

/** A part of a panel that folds. */
export function Section({ title, note, children, startOpen = true, id }: SectionProps): ReactNode {
  const [open, setOpen] = useState(startOpen);
  return (
    <section className={classes['section']} id={id} aria-label={title}>
      <button type="button" className={classes['head']} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <IconChevronDown size={12} /> : <IconChevronRight size={12} />}
        <span>{title}</span>
        {note !== undefined && <span className={classes['note']}>{note}</span>}
      </button>
      {open && <div className={classes['body']}>{children}</div>}
    </section>
  );
}
