import { Modal, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { showDialog, useDialogs } from '../../state/dialogs.ts';
import { shownTrialId, useSession } from '../../state/session.ts';
import { OneRun } from './OneRun.tsx';
import classes from './RunDialog.module.css';
import { SuspectValues } from './SuspectValues.tsx';

type Mode = 'one' | 'suspects';

/** The shown trial run once, value by value, or over data, looking for values that are suspect. */
export function RunDialog(): ReactNode {
  const opened = useDialogs((state) => state.dialog === 'run');
  return (
    <Modal opened={opened} onClose={() => showDialog(null)} title="Run and look at the values" size="min(1120px, 94vw)">
      {opened && <Runs />}
    </Modal>
  );
}

function Runs(): ReactNode {
  const trialId = useSession(shownTrialId);
  const [mode, setMode] = useState<Mode>('one');
  if (trialId === null) return <p className="lap-muted">No model is open.</p>;
  return (
    <div className={classes['body']}>
      <SegmentedControl
        aria-label="What is run"
        data={[
          { value: 'one', label: 'One run: dimensions, or where it fails' },
          { value: 'suspects', label: 'Over data: suspect values' },
        ]}
        value={mode}
        onChange={(value) => setMode(value as Mode)}
      />
      {mode === 'one' ? <OneRun key={trialId} trialId={trialId} /> : <SuspectValues key={trialId} trialId={trialId} />}
    </div>
  );
}
