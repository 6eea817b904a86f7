import { SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useJobs } from '../../state/jobs.ts';
import { CONTROLS, CONTROL_STATES, SHOWN_JOB } from './controls.tsx';
import type { ControlState } from './controls.tsx';
import classes from './Gallery.module.css';
import { PARTS } from './parts.tsx';
import { forceStates } from './pseudo-states.ts';

const FORCED: Partial<Record<ControlState, string>> = { hover: 'gallery-hover', focus: 'gallery-focus' };

/** Every control of the window in every state, for those who build it: `/?gallery`. */
export function Gallery(): ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    forceStates();
    useJobs.setState({ jobs: new Map([[SHOWN_JOB.id, SHOWN_JOB]]) });
  }, []);
  return (
    <main className={classes['page']}>
      <header className={classes['head']}>
        <h1>Controls</h1>
        <SegmentedControl
          aria-label="Theme"
          data={['auto', 'light', 'dark']}
          value={colorScheme}
          onChange={(scheme) => setColorScheme(scheme as 'auto')}
        />
      </header>
      <table className={classes['controls']}>
        <thead>
          <tr>
            <th scope="col">Control</th>
            {CONTROL_STATES.map((state) => (
              <th key={state} scope="col">
                {state}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {CONTROLS.map(({ title, states, render }) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              {CONTROL_STATES.map((state) => (
                <td key={state} className={FORCED[state]}>
                  {states.includes(state) ? render(state, `${title}, ${state}`) : <span className="lap-muted">–</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div className={classes['parts']}>
        {PARTS.map(([title, part]) => (
          <section key={title} aria-label={title}>
            <h2>{title}</h2>
            {part}
          </section>
        ))}
      </div>
    </main>
  );
}
