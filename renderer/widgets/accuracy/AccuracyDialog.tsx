import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button, Group, Modal, SegmentedControl, Text } from '@mantine/core';
import type { EvaluationSummary } from '../../../main/contract/results.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import { formatCount, formatDb, formatNumber, formatPercent } from '../../../main/judge/format.ts';
import { useTrialDetails } from '../../state/queries.ts';
import { showDialog, useDialogs } from '../../state/dialogs.ts';
import { useReferenceTrial, useSession, useShownTrial } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import { DataControl } from '../DataControl.tsx';
import { TaskLine } from '../TaskLine.tsx';
import { measureAccuracy } from '../measure.ts';
import classes from './Accuracy.module.css';
import { ConfusionMatrix } from './ConfusionMatrix.tsx';
import { ConfusionTables } from './ConfusionTables.tsx';
import { confusionOf } from './confusion.ts';
import type { ConfusionCell } from './confusion.ts';

const useAccuracyTask = createTaskStore();

/** Accuracy of the shown trial in detail: its figures, the confusion matrix, the classes; measures it on all samples. */
export function AccuracyDialog(): ReactNode {
  const opened = useDialogs((state) => state.dialog === 'accuracy');
  return (
    <Modal opened={opened} onClose={() => showDialog(null)} title="Accuracy in detail" size={1080}>
      {opened && <Detail />}
    </Modal>
  );
}

function Detail(): ReactNode {
  const shown = useShownTrial();
  const reference = useReferenceTrial();
  const datasetId = useSession((state) => state.datasetId);
  const task = useAccuracyTask();
  const [chosen, setChosen] = useState<string | null>(null);
  const choices = [shown, reference].filter((trial): trial is Trial => trial !== undefined);
  const trial = choices.find(({ id }) => id === chosen) ?? shown;
  if (trial === undefined) return <Text className="lap-muted">No model is open.</Text>;
  const running = task.state.status === 'running';
  return (
    <div className={classes['detail']}>
      {shown !== undefined && reference !== undefined && shown.id !== reference.id && (
        <SegmentedControl
          aria-label="Trial"
          data={[
            { value: reference.id, label: `A: ${reference.name}` },
            { value: shown.id, label: `B: ${shown.name}` },
          ]}
          value={trial.id}
          onChange={setChosen}
        />
      )}
      <Group gap="xs" justify="space-between">
        <DataControl />
        <Button
          disabled={datasetId === null || running}
          title="Runs the trial’s model on every sample of the chosen data"
          onClick={() => void task.run((handle) => measureAccuracy(trial.id, handle))}
        >
          Evaluate on all samples
        </Button>
      </Group>
      <TaskLine state={task.state} title="Evaluating" onCancel={task.cancel} onDismiss={task.dismiss} />
      {trial.evaluation === null ? (
        <Text className="lap-muted">
          “{trial.name}” was not evaluated yet. Choose data with labels and press Evaluate on all samples.
        </Text>
      ) : (
        <Figures trialId={trial.id} evaluation={trial.evaluation} key={trial.id} />
      )}
    </div>
  );
}

interface FiguresProps {
  readonly trialId: string;
  readonly evaluation: EvaluationSummary;
}

function Figures({ trialId, evaluation }: FiguresProps): ReactNode {
  const details = useTrialDetails(trialId);
  const [active, setActive] = useState<ConfusionCell | null>(null);
  const { metrics } = evaluation;
  const { confusion = null, classes: names = [] } = details.data?.evaluation ?? {};
  return (
    <>
      <dl className={classes['figures']}>
        {Object.entries(metrics).map(([name, { value, low, high }]) => (
          <Figure key={name} name={titleOf(name)} value={formatPercent(value)}>
            95 % interval {formatPercent(low)} to {formatPercent(high)}
          </Figure>
        ))}
        {evaluation.agreement !== null && (
          <Figure name="Same answer as the baseline" value={formatPercent(evaluation.agreement.value)} />
        )}
        {evaluation.sqnrDb !== null && <Figure name="Output SQNR" value={formatDb(evaluation.sqnrDb)} />}
        {evaluation.cosine !== null && <Figure name="Output cosine" value={formatNumber(evaluation.cosine, 5)} />}
        <Figure name="Samples" value={formatCount(evaluation.samples)}>
          {evaluation.preprocessing}
        </Figure>
      </dl>
      {evaluation.notes.length > 0 && <Text className="lap-muted">{evaluation.notes.join(' ')}</Text>}
      {details.isPending ? (
        <Text className="lap-muted">Reading the confusion matrix …</Text>
      ) : details.error !== null ? (
        <Text className="lap-muted">{details.error.message}</Text>
      ) : confusion === null ? (
        <Text className="lap-muted">
          {Object.keys(metrics).length === 0
            ? 'The data have no labels, so nothing tells which answers are right.'
            : 'With more than 256 classes no confusion matrix is kept.'}
        </Text>
      ) : (
        <Confused counts={confusion} names={names} active={active} onActive={setActive} />
      )}
    </>
  );
}

interface ConfusedProps {
  readonly counts: readonly (readonly number[])[];
  readonly names: readonly string[];
  readonly active: ConfusionCell | null;
  readonly onActive: (cell: ConfusionCell | null) => void;
}

function Confused({ counts, names, active, onActive }: ConfusedProps): ReactNode {
  const [confusion, setConfusion] = useState(() => confusionOf(counts, names));
  if (confusion.counts !== counts) setConfusion(confusionOf(counts, names));
  return (
    <div className={classes['confusion']}>
      <ConfusionMatrix confusion={confusion} active={active} onActive={onActive} />
      <ConfusionTables confusion={confusion} active={active} onActive={onActive} />
    </div>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly children?: ReactNode;
}

function Figure({ name, value, children }: FigureProps): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        {children !== undefined && <span className="lap-muted">{children}</span>}
      </dd>
    </div>
  );
}

/** "top1" → "Top-1". */
function titleOf(metric: string): string {
  return metric.replace(/^top(?=\d)/u, 'Top-');
}
