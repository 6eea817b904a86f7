import { SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './channels.module.css';

/** What the lower part of the task shows. */
export type Shown = 'groups' | 'sensitivity';

interface LowerBarProps {
  readonly shown: Shown;
  readonly onShow: (shown: Shown) => void;
  readonly children: ReactNode;
}

/** Chooses what the lower part shows, beside its tools. */
export function LowerBar({ shown, onShow, children }: LowerBarProps): ReactNode {
  return (
    <div className={classes['bar']}>
      <SegmentedControl
        aria-label="Shown below"
        value={shown}
        data={[
          { value: 'groups', label: 'Groups' },
          { value: 'sensitivity', label: 'Sensitivity' },
        ]}
        onChange={(value) => onShow(value as Shown)}
      />
      {children}
    </div>
  );
}
