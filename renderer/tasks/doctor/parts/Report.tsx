import { IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { DoctorReport } from '../../../../main/contract/doctor.ts';
import type { Trial } from '../../../../main/contract/studio.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { Section } from '../../../design/Section.tsx';
import classes from '../DoctorView.module.css';
import { groupsOf, SEVERITY_TITLES, summaryOf } from '../model.ts';
import { useDoctorTask } from '../store.ts';
import { FindingCard } from './FindingCard.tsx';

interface ReportProps {
  readonly report: DoctorReport;
  readonly trial: Trial;
}

/** The findings by severity, then what was looked at. */
export function Report({ report, trial }: ReportProps): ReactNode {
  const groups = groupsOf(report.findings);
  const running = useDoctorTask((task) => task.state.status === 'running');
  return (
    <div className={classes['report']}>
      <p className={classes['summary']}>{summaryOf(report)}</p>
      {groups.length === 0 && running && (
        <EmptyState title="Nothing found so far">What running the model shows is being measured.</EmptyState>
      )}
      {groups.length === 0 && !running && (
        <EmptyState title="Nothing found" icon={<IconCircleCheck size={28} />}>
          None of the checks found anything that makes this model slow, wrong or large here.
        </EmptyState>
      )}
      {groups.map(({ severity, findings }) => (
        <section key={severity} aria-label={SEVERITY_TITLES[severity]}>
          <h3 className={classes['group']}>
            {SEVERITY_TITLES[severity]} <span className="lap-muted">{findings.length}</span>
          </h3>
          {findings.map((finding) => (
            <FindingCard key={`${finding.code} ${finding.text}`} finding={finding} trial={trial} />
          ))}
        </section>
      ))}
      <Section title="What was looked at" note={`${report.checks.length} checks`} startOpen={groups.length === 0}>
        <ul className={classes['checks']}>
          {report.checks.map(({ id, title, status, note }) => (
            <li key={id} data-status={status}>
              <span>{title}</span>
              <span className="lap-muted">{note === null ? status : `${status}: ${note}`}</span>
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}
