import { Button, Checkbox, SegmentedControl, Text } from '@mantine/core';
import { IconAdjustments, IconCopy, IconPlayerPlay } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { Sweep, SweepAxis, SweepRow } from '../../../../main/contract/sweep.ts';
import { SWEEP_AXES } from '../../../../main/contract/sweep.ts';
import { formatMs, formatNumber } from '../../../../main/judge/format.ts';
import { CODE_LANGUAGES, LANGUAGE_TITLES, sessionCode } from '../../../../main/judge/profile/session-code.ts';
import type { CodeLanguage } from '../../../../main/judge/profile/session-code.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { copyText } from '../../../state/clipboard.ts';
import { useTrialSweep } from '../../../state/queries.ts';
import { useSession, useShownTrial } from '../../../state/session.ts';
import { CopyTools } from '../../../widgets/grid/CopyTools.tsx';
import type { CellColumn } from '../../../widgets/grid/grid-column.ts';
import { HelpLabel } from '../../../widgets/HelpLabel.tsx';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { runSweep, useProfileOptions, useSweepTask } from '../store.ts';
import { RatioPlot } from './RatioPlot.tsx';
import classes from './Sweep.module.css';

const AXES: Readonly<Record<SweepAxis, { readonly title: string; readonly help: string }>> = {
  threads: { title: 'Threads', help: 'Within an operator: 1, 2, 4 … physical cores, and twice as many.' },
  batch: { title: 'Batch', help: 'Samples that are answered at once; the time is that of one of them.' },
  optimization: { title: 'Optimisation', help: 'How far the runtime rewrites the graph.' },
  execution: { title: 'Execution', help: 'Whether operators that do not wait for each other run side by side.' },
  arena: { title: 'Arena', help: 'Whether buffers come from an arena that keeps what it once took.' },
  provider: { title: 'Provider', help: 'Every provider that is in this build of the runtime.' },
};

/** Other session settings of the shown trial: what each gives, what is recommended, and the code for it. */
export function SweepSection(): ReactNode {
  const trial = useShownTrial();
  const loaded = useTrialSweep(trial?.id ?? null);
  const task = useSweepTask();
  const axes = useProfileOptions((options) => options.axes);
  const running = task.state.status === 'running';
  const chosen = SWEEP_AXES.filter((axis) => axes.includes(axis));
  return (
    <section className={classes['section']} aria-label="Session settings">
      <div className={classes['bar']}>
        {SWEEP_AXES.map((axis) => (
          <Checkbox
            key={axis}
            label={AXES[axis].title}
            title={AXES[axis].help}
            checked={axes.includes(axis)}
            onChange={({ currentTarget }) =>
              useProfileOptions.setState({
                axes: currentTarget.checked ? [...axes, axis] : axes.filter((each) => each !== axis),
              })
            }
          />
        ))}
        <Button
          leftSection={<IconPlayerPlay size={13} />}
          disabled={running || chosen.length === 0 || trial === undefined}
          onClick={() => trial !== undefined && void runSweep(trial.id, chosen)}
        >
          Try settings
        </Button>
        <TaskLine state={task.state} title="Trying settings" onCancel={task.cancel} onDismiss={task.dismiss} />
      </div>
      <Loaded query={loaded} loading="Looking for what was tried before…">
        {(sweep) =>
          sweep === null ? (
            <EmptyState title="No other settings were tried yet" icon={<IconAdjustments size={28} />}>
              Each setting is timed in turns with the one in the title bar, one to two seconds each, so that other work
              on this machine meets both alike. What is surely faster is put together, timed again, and written as code.
            </EmptyState>
          ) : (
            <SweepResult sweep={sweep} />
          )
        }
      </Loaded>
    </section>
  );
}

const COLUMNS: readonly CellColumn<SweepRow>[] = [
  { title: 'Setting', value: ({ axis }) => axis ?? 'together' },
  { title: 'Value', value: ({ value }) => value },
  { title: 'p50', unit: 'ms', value: ({ latencyMs }) => latencyMs?.value ?? null },
  { title: 'Of the base', value: ({ ratio }) => ratio?.value ?? null },
  { title: 'low', value: ({ ratio }) => ratio?.low ?? null },
  { title: 'high', value: ({ ratio }) => ratio?.high ?? null },
  { title: 'Rounds', value: ({ runs }) => runs },
  { title: 'Reason', value: ({ reason }) => reason },
];

function SweepResult({ sweep }: { readonly sweep: Sweep }): ReactNode {
  const { base, rows, notes } = sweep;
  const scale = useMemo(() => scaleOf(rows), [rows]);
  const axes = SWEEP_AXES.filter((axis) => rows.some((row) => row.axis === axis));
  return (
    <>
      <div className={classes['head']}>
        <Text className="lap-muted">
          Time for a sample over that of the base ({base.threads ?? 'all'} threads, batch {base.batch},{' '}
          {base.optimization}, {base.execution}, arena {base.arena ? 'on' : 'off'}, {base.provider}) with 95 %
          intervals; left of the line is faster.
        </Text>
        <span style={{ flex: 1 }} />
        <CopyTools columns={COLUMNS} rows={rows} noun="settings" fileName="settings" />
      </div>
      <div className={classes['multiples']}>
        {axes.map((axis) => (
          <figure key={axis} className={classes['multiple']}>
            <figcaption>
              <HelpLabel help={AXES[axis].help}>{AXES[axis].title}</HelpLabel>
            </figcaption>
            <table>
              <thead className="lap-unseen">
                <tr>
                  <th>{AXES[axis].title}</th>
                  <th>Interval</th>
                  <th>Of the base</th>
                  <th>p50</th>
                </tr>
              </thead>
              <tbody>
                {rows
                  .filter((row) => row.axis === axis)
                  .map((row) => (
                    <Multiple key={row.value} row={row} scale={scale} />
                  ))}
              </tbody>
            </table>
          </figure>
        ))}
      </div>
      <Recommended sweep={sweep} />
      {notes.map((note) => (
        <Text key={note} className="lap-muted">
          {note}
        </Text>
      ))}
    </>
  );
}

function Multiple({ row, scale }: { readonly row: SweepRow; readonly scale: readonly [number, number] }): ReactNode {
  const { value, ratio, latencyMs, reason } = row;
  if (ratio === null || latencyMs === null) {
    return (
      <tr>
        <th scope="row">{value}</th>
        <td colSpan={3} className="lap-muted" title={reason ?? ''}>
          <span className={classes['reason']}>{reason}</span>
        </td>
      </tr>
    );
  }
  return (
    <tr>
      <th scope="row">{value}</th>
      <td className={classes['plot']}>
        <RatioPlot ratio={ratio} scale={scale} />
      </td>
      <td className="lap-number">{formatNumber(ratio.value)}×</td>
      <td className="lap-number lap-muted">{formatMs(latencyMs.value)}</td>
    </tr>
  );
}

/** One scale for all multiples, of ratios: it holds 1 and every interval, up to eight times either way. */
function scaleOf(rows: readonly SweepRow[]): readonly [number, number] {
  const bounds = rows.flatMap(({ ratio }) => (ratio === null ? [] : [ratio.value, ratio.low ?? 1, ratio.high ?? 1]));
  return [Math.max(1 / 8, Math.min(0.8, ...bounds)), Math.min(8, Math.max(1.25, ...bounds))];
}

function Recommended({ sweep }: { readonly sweep: Sweep }): ReactNode {
  const [language, setLanguage] = useState<CodeLanguage>('python');
  const file = useSession((state) => state.model?.entry.name ?? 'model.onnx');
  const { choice, ratio, why } = sweep.recommended;
  const code = sessionCode(choice, language, file);
  return (
    <section className={classes['recommended']} aria-label="Recommended settings">
      <div className={classes['head']}>
        <h3>
          Recommended{ratio === null ? ': as it is' : `: ${formatNumber(1 / ratio.value)}× as fast`}
          {ratio?.low === null || ratio?.high === null || ratio === null
            ? ''
            : ` [${formatNumber(1 / ratio.high)}, ${formatNumber(1 / ratio.low)}]`}
        </h3>
        <Text className="lap-muted">{why}</Text>
        <span style={{ flex: 1 }} />
        <SegmentedControl
          aria-label="Language"
          value={language}
          onChange={(value) => setLanguage(value as CodeLanguage)}
          data={CODE_LANGUAGES.map((value) => ({ value, label: LANGUAGE_TITLES[value] }))}
        />
        <Button
          variant="default"
          leftSection={<IconCopy size={13} />}
          onClick={() => void copyText(code, `Settings copied as ${LANGUAGE_TITLES[language]}`)}
        >
          Copy code
        </Button>
      </div>
      <pre className={classes['code']} tabIndex={0} aria-label={`Code in ${LANGUAGE_TITLES[language]}`}>
        {code}
      </pre>
    </section>
  );
}
