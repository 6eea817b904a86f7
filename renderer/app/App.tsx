import type { ReactNode } from 'react';
import { useSession } from '../state/session.ts';
import classes from './App.module.css';
import { TaskTabs } from './TaskTabs.tsx';

/** The one window. */
export function App(): ReactNode {
  const open = useSession((state) => state.model !== null);
  return (
    <div className={classes['window']}>
      <main className={classes['center']}>{open && <TaskTabs />}</main>
    </div>
  );
}
