import type { ReactNode } from 'react';
import { Button, Progress, Text } from '@mantine/core';
import { formatCount, formatDuration } from '../../main/judge/format.ts';
import { sayError } from '../rpc/engine-error.ts';
import { jobShare, useJobs } from '../state/jobs.ts';
import type { TaskState } from '../state/task.ts';
import { ShowLayer } from './ShowLayer.tsx';
import classes from './TaskLine.module.css';

export interface TaskLineProps {
  readonly state: TaskState;
  /** What is being done, in progressive form: "Measuring". */
  readonly title: string;
  readonly onCancel: () => void;
  readonly onDismiss: () => void;
}

/** Progress, failure or cancel of one piece of work, beside the button that started it; nothing while idle. */
export function TaskLine({ state, title, onCancel, onDismiss }: TaskLineProps): ReactNode {
  const jobId = state.status === 'running' ? state.jobId : null;
  const job = useJobs((store) => (jobId === null ? undefined : store.jobs.get(jobId)));
  if (state.status === 'idle') return null;
  if (state.status === 'running') {
    const share = job ? jobShare(job) : null;
    const count = job && share !== null ? ` ${formatCount(job.done)} of ${formatCount(job.total ?? 0)}` : '';
    const left = job && job.etaMs !== null ? `, ${formatDuration(job.etaMs)} left` : '';
    const text = job ? `${job.stage}${count}${left}` : title;
    return (
      <div className={classes['line']} role="status">
        <Progress
          className={classes['bar'] ?? ''}
          value={share === null ? 100 : share * 100}
          animated={share === null}
          aria-label={`${title}: progress`}
        />
        <Text className="lap-muted" title={text}>
          {text}
        </Text>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    );
  }
  return (
    <div className={classes['line']} role="alert">
      {state.status === 'cancelled' ? (
        <Text className="lap-muted">Cancelled; what was measured before stays.</Text>
      ) : (
        <Text c="red">{sayError(state.error)}</Text>
      )}
      {state.status === 'failed' && state.error.layer !== null && <ShowLayer name={state.error.layer} />}
      <Button variant="subtle" color="gray" onClick={onDismiss}>
        Dismiss
      </Button>
    </div>
  );
}
