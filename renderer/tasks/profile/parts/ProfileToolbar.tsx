import type { ReactNode } from 'react';
import { Button, NumberInput } from '@mantine/core';
import { IconDownload, IconPlayerPlay } from '@tabler/icons-react';
import type { Profile } from '../../../../main/contract/results.ts';
import type { Trial } from '../../../../main/contract/studio.ts';
import { findConnection } from '../../../rpc/connection.ts';
import { fetchFile } from '../../../rpc/download.ts';
import { saveBlob } from '../../../state/download.ts';
import { tellError } from '../../../state/messages.ts';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { ImportButton } from './ImportTrace.tsx';
import classes from '../ProfileView.module.css';
import { runProfile, useProfileOptions, useProfileTask } from '../store.ts';

export interface ProfileToolbarProps {
  readonly trial: Trial;
  readonly profile: Profile | null;
}

/** How many runs, the start button, the progress, the raw trace. */
export function ProfileToolbar({ trial, profile }: ProfileToolbarProps): ReactNode {
  const { runs, warmup } = useProfileOptions();
  const task = useProfileTask();
  const trace = profile?.trace ?? null;
  const running = task.state.status === 'running';
  return (
    <div className={classes['toolbar']} role="toolbar" aria-label="Measurement">
      <CountInput
        label="Runs"
        value={runs}
        min={1}
        help="Timed runs. Empty: at least 100 runs or 2 seconds."
        onChange={(value) => useProfileOptions.setState({ runs: value })}
      />
      <CountInput
        label="Warm-up"
        value={warmup}
        min={0}
        help="Runs before timing. Empty: until the time is stable."
        onChange={(value) => useProfileOptions.setState({ warmup: value })}
      />
      <Button leftSection={<IconPlayerPlay size={13} />} onClick={() => void runProfile()} disabled={running}>
        {profile === null ? 'Measure' : 'Measure again'}
      </Button>
      <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />
      <span style={{ flex: 1 }} />
      <ImportButton trialId={trial.id} />
      {trace !== null && (
        <Button
          variant="default"
          leftSection={<IconDownload size={13} />}
          title="The runtime’s own trace; opens in ui.perfetto.dev and chrome://tracing"
          onClick={() => void saveTrace(trace, trial.name)}
        >
          Download trace
        </Button>
      )}
    </div>
  );
}

async function saveTrace(trace: string, trialName: string): Promise<void> {
  const file = trace.slice(Math.max(trace.lastIndexOf('/'), trace.lastIndexOf('\\')) + 1);
  try {
    saveBlob(`${trialName}.trace.json`, await fetchFile(findConnection(), `/files/traces/${encodeURIComponent(file)}`));
  } catch (error) {
    tellError(error);
  }
}

interface CountInputProps {
  readonly label: string;
  readonly value: number | null;
  readonly min: number;
  readonly help: string;
  readonly onChange: (value: number | null) => void;
}

function CountInput({ label, value, min, help, onChange }: CountInputProps): ReactNode {
  return (
    <label style={{ display: 'flex', alignItems: 'center', gap: 6 }} title={help}>
      {label}
      <NumberInput
        aria-label={label}
        aria-description={help}
        placeholder="auto"
        value={value ?? ''}
        min={min}
        max={100_000}
        allowDecimal={false}
        w={76}
        onChange={(next) => onChange(typeof next === 'number' ? next : null)}
      />
    </label>
  );
}
