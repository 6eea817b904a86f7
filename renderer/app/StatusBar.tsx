import { ActionIcon, Popover, Progress } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Job } from '../../main/contract/studio.ts';
import { formatDuration } from '../../main/judge/format.ts';
import { activeJobs, cancelJob, jobShare, useJobs } from '../state/jobs.ts';
import { useMessages } from '../state/messages.ts';
import { useSession } from '../state/session.ts';
import { MarkedLayers } from './MarkedLayers.tsx';
import classes from './StatusBar.module.css';

/** Jobs with progress, stage and time left; the last message; the machine. */
export function StatusBar(): ReactNode {
  const jobs = activeJobs(useJobs((state) => state.jobs));
  const first = jobs.find((job) => job.status === 'running') ?? jobs[0];
  const last = useMessages((state) => state.log.at(-1));
  return (
    <footer className={classes['bar']} aria-label="Status">
      <Connection />
      {first === undefined ? (
        <span className={classes['message']} data-level={last?.level} title={last?.message}>
          {last?.message ?? 'Ready'}
        </span>
      ) : (
        <>
          <JobLine job={first} />
          {jobs.length > 1 && (
            <Popover position="top-start" width={460}>
              <Popover.Target>
                <button type="button" className={classes['more']}>
                  {jobs.length - 1} more
                </button>
              </Popover.Target>
              <Popover.Dropdown className={classes['list'] ?? ''}>
                {jobs.map((job) => (
                  <JobLine key={job.id} job={job} />
                ))}
              </Popover.Dropdown>
            </Popover>
          )}
        </>
      )}
      <span className={classes['space']} />
      <MarkedLayers />
      <Machine />
    </footer>
  );
}

function Connection(): ReactNode {
  const connection = useSession((state) => state.connection);
  const words = { open: 'Engine connected', connecting: 'Connecting to the engine', lost: 'Engine stopped' }[
    connection
  ];
  return <span className={classes['dot']} data-status={connection} role="img" aria-label={words} title={words} />;
}

function JobLine({ job }: { readonly job: Job }): ReactNode {
  const share = jobShare(job);
  const count = share === null ? '' : `${job.done.toLocaleString('en')} / ${(job.total ?? 0).toLocaleString('en')}`;
  const left = job.etaMs === null ? '' : `${formatDuration(job.etaMs)} left`;
  const text = job.status === 'queued' ? 'waiting' : [job.stage, count, left].filter((part) => part !== '').join(' · ');
  return (
    <span className={classes['job']} role="status" aria-label={`${job.title}: ${text}`}>
      <b className={classes['title']}>{job.title}</b>
      <Progress
        className={classes['progress'] ?? ''}
        aria-label={job.title}
        value={share === null ? 100 : share * 100}
        animated={share === null}
        striped={share === null}
        size={6}
      />
      {share !== null && <span>{Math.round(share * 100)} %</span>}
      <span className={classes['stage']}>{text}</span>
      <ActionIcon size={18} aria-label={`Cancel ${job.title}`} title="Cancel" onClick={() => void cancelJob(job.id)}>
        <IconX size={12} />
      </ActionIcon>
    </span>
  );
}

function Machine(): ReactNode {
  const machine = useSession((state) => state.info?.machine);
  if (machine === undefined) return null;
  const cores = `${machine.cores} core${machine.cores === 1 ? '' : 's'}`;
  const vnni = machine.vnni === null ? '' : machine.vnni ? ' · VNNI' : ' · no VNNI';
  return (
    <span className={classes['machine']} title={`${machine.os} · Node ${machine.node}`}>
      {machine.cpu} · {cores}
      {vnni} · ONNX Runtime {machine.onnxruntime}
    </span>
  );
}
