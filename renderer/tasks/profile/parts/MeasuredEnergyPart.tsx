import { Button, Text } from '@mantine/core';
import { IconBolt } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { MeasuredEnergy } from '../../../../main/contract/energy.ts';
import { measuredEnergyText } from '../../../../main/judge/profile/measured-energy.ts';
import { engine } from '../../../state/engine.ts';
import { runSettings } from '../../../state/settings.ts';
import { createTaskStore } from '../../../state/task.ts';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import classes from './Sweep.module.css';

const useMetering = createTaskStore();

/** What this machine's sensors tell of an inference, or why they tell nothing; apart from the estimate, which it does not change. */
export function MeasuredEnergyPart({ trialId }: { readonly trialId: string }): ReactNode {
  const [energy, setEnergy] = useState<MeasuredEnergy | null>(null);
  const { state, run, cancel, dismiss } = useMetering();
  const start = async (): Promise<void> => {
    const params = { trialId, settings: runSettings() };
    setEnergy(await run((handle) => engine().call('trial.energy.run', params, handle)));
  };
  return (
    <section aria-label="Measured energy">
      <div className={classes['bar']}>
        <Button
          variant="default"
          leftSection={<IconBolt size={13} />}
          disabled={state.status === 'running'}
          onClick={() => void start()}
        >
          Measure with sensors
        </Button>
        <TaskLine state={state} title="Measuring energy" onCancel={cancel} onDismiss={dismiss} />
        {energy === null && state.status === 'idle' && (
          <Text className="lap-muted">
            RAPL on Linux, powermetrics on macOS, a battery that is discharged; 6 seconds.
          </Text>
        )}
      </div>
      {energy !== null && (
        <div role="status">
          {measuredEnergyText(energy).map((line) => (
            <Text key={line}>{line}</Text>
          ))}
        </div>
      )}
    </section>
  );
}
