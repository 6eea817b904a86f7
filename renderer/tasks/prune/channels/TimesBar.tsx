import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import type { MeasuredPlan } from '../../../../main/judge/predict/measured-plan.ts';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { timeWidths, useTimesTask } from './store.ts';

interface TimesBarProps {
  readonly plan: MeasuredPlan;
  readonly step: ChannelPruning;
}

/** Learns how long cuts take here. */
export function TimesBar({ plan, step }: TimesBarProps): ReactNode {
  const { state, cancel, dismiss } = useTimesTask();
  const running = state.status === 'running';
  const known = plan.latency !== undefined;
  return (
    <>
      <TaskLine state={state} title="Timing widths" onCancel={cancel} onDismiss={dismiss} />
      {!running && (
        <Button
          variant={known ? 'subtle' : 'default'}
          title="Times 17 cuts of the model on this machine, some seconds to a minute, so that the latency of any cut is predicted. Kept for this machine, runtime and model: time again where something else kept the machine busy."
          onClick={() => void timeWidths(plan, step)}
        >
          {known ? 'Time again' : 'Time widths'}
        </Button>
      )}
    </>
  );
}
