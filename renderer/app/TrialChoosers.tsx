import type { ReactNode } from 'react';
import type { Trial } from '../../main/contract/studio.ts';
import { formatMs, formatPercent } from '../../main/judge/format.ts';
import { setReference, shownTrialId, showTrial, useSession } from '../state/session.ts';
import { Chooser } from './Chooser.tsx';
import type { Choice } from './Chooser.tsx';
import classes from './TitleBar.module.css';

/** Which trial is looked at, and against which. */
export function TrialChoosers(): ReactNode {
  const trials = useSession((state) => state.trials);
  const reference = useSession((state) => state.a);
  const shown = useSession(shownTrialId);
  const choices = trials.map(choiceOf);
  return (
    <>
      <Chooser
        label="Baseline"
        quiet
        value={reference}
        choices={choices}
        width={300}
        onChange={(id) => id !== null && setReference(id)}
      />
      <span className={classes['versus']}>vs</span>
      <Chooser label="Trial" value={shown} choices={choices} width={300} onChange={showTrial} />
    </>
  );
}

function choiceOf(trial: Trial): Choice<string | null> {
  const top1 = trial.evaluation?.metrics['top1'];
  const facts = [
    trial.status === 'done' ? '' : trial.status,
    trial.latency === null ? '' : formatMs(trial.latency.p50Ms),
    top1 === undefined ? '' : formatPercent(top1.value),
  ].filter((fact) => fact !== '');
  return { value: trial.id, label: trial.name, ...(facts.length === 0 ? {} : { note: facts.join(' · ') }) };
}
