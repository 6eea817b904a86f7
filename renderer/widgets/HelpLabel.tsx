import type { ReactNode } from 'react';
import { Tooltip } from '@mantine/core';
import classes from './HelpLabel.module.css';

export interface HelpLabelProps {
  readonly children: ReactNode;
  /** What the number or setting means, one or two sentences. */
  readonly help: string;
}

/** A name that explains itself when pointed at or focused. */
export function HelpLabel({ children, help }: HelpLabelProps): ReactNode {
  return (
    <Tooltip label={help} multiline w={300} events={{ hover: true, focus: true, touch: true }}>
      <button type="button" className={classes['help']} aria-description={help}>
        {children}
      </button>
    </Tooltip>
  );
}
