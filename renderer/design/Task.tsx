import type { ReactNode } from 'react';
import classes from './Task.module.css';

interface TaskProps {
  readonly children: ReactNode;
}

/** A task's view: bars of fixed height on top, the picture takes the rest. */
export function Task({ children }: TaskProps): ReactNode {
  return <div className={classes['view']}>{children}</div>;
}

interface ToolbarProps {
  /** For screen readers: "Pruning". */
  readonly label: string;
  readonly children: ReactNode;
}

/** The bar on top of a task: what is set at the left, what is done at the right of a `ToolbarSpace`. */
export function Toolbar({ label, children }: ToolbarProps): ReactNode {
  return (
    <div className={classes['toolbar']} role="toolbar" aria-label={label}>
      {children}
    </div>
  );
}

/** Pushes what follows to the right end of the bar. */
export function ToolbarSpace(): ReactNode {
  return <span className={classes['space']} />;
}

interface FieldProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** A control with its name before it; the control carries its own accessible name. */
export function Field({ label, children }: FieldProps): ReactNode {
  return (
    <span className={classes['field']}>
      <span className="lap-muted">{label}</span>
      {children}
    </span>
  );
}

/** A row of numbers under the toolbar. */
export function Figures({ label, children }: ToolbarProps): ReactNode {
  return (
    <div className={classes['figures']} role="group" aria-label={label}>
      {children}
    </div>
  );
}

interface StageProps extends TaskProps {
  /** Beside the picture: what it says of the selection. */
  readonly side?: ReactNode;
}

/** The picture of a task, with what belongs beside it. */
export function Stage({ side, children }: StageProps): ReactNode {
  return (
    <div className={classes['stage']}>
      <div className={classes['picture']}>{children}</div>
      {side !== undefined && (
        // It scrolls, and may hold nothing that takes the focus.
        <aside className={classes['aside']} aria-label="Details" tabIndex={0}>
          {side}
        </aside>
      )}
    </div>
  );
}

/** The heading of a part of a view. */
export function Heading({ children }: TaskProps): ReactNode {
  return <h3 className={classes['heading']}>{children}</h3>;
}
