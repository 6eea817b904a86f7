import { Button, Popover, Radio, Stack, Text } from '@mantine/core';
import { IconAdjustmentsHorizontal, IconChevronDown } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { describeCircumstances, measurementUnder } from '../../../main/judge/circumstances.ts';
import type { CircumstancesChoice } from '../../../main/judge/circumstances.ts';
import type { MetricId } from '../../../main/judge/metrics.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import { formatCount } from '../../../main/judge/format.ts';
import { engine } from '../../state/engine.ts';
import { useGround } from '../../state/ground.ts';
import { useSession } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import type { TaskHandle } from '../../state/task.ts';
import { shortened } from '../shorten.ts';
import { TaskLine } from '../TaskLine.tsx';
import classes from './SettingsChooser.module.css';
import { choicesOf, measureOrder } from './model.ts';
import type { MeasureOrder } from './model.ts';
import { useGroundOf } from './use-ground.ts';

/** Trials that are brought to the chosen ground. */
const useMeasureTask = createTaskStore();

interface SettingsChooserProps {
  /** The trials that are looked at. */
  readonly trials: readonly Trial[];
  /** What is compared beside latency. */
  readonly benefit: MetricId;
}

/** Under which circumstances trials are compared: machine, threads, batch, dimensions; data and split. One for all tasks. */
export function SettingsChooser({ trials, benefit }: SettingsChooserProps): ReactNode {
  const all = useSession((state) => state.trials);
  const machine = useSession((state) => state.info?.machine);
  const ground = useGroundOf(trials);
  const timing = useMemo(() => choicesOf(all, 'latency'), [all]);
  const proving = useMemo(() => choicesOf(all, benefit), [all, benefit]);
  const keys = { run: ground('latency').key, data: ground(benefit).key };
  const order =
    machine === undefined
      ? null
      : measureOrder(trials, { latency: ground('latency'), benefit: ground(benefit) }, machine);
  const run = timing.find(({ key }) => key === keys.run)?.circumstances;
  const data = proving.find(({ key }) => key === keys.data)?.circumstances;
  const told = [run, data].filter((one) => one !== undefined).map((one) => describeCircumstances(one));
  const short = [
    run === undefined ? '' : describeCircumstances(run),
    data?.data ? `${shortened(data.data.name, 20)}, ${formatCount(data.data.samples)} samples` : '',
  ].filter(Boolean);
  return (
    <>
      <Popover position="bottom-start" width={460} withinPortal>
        <Popover.Target>
          <Button
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={13} />}
            rightSection={<IconChevronDown size={12} />}
            className={classes['button'] ?? ''}
            title={told.join('\n')}
            disabled={told.length === 0}
          >
            {told.length === 0 ? 'Nothing measured yet' : `Compared under: ${short.join(' · ')}`}
          </Button>
        </Popover.Target>
        <Popover.Dropdown className={classes['dropdown'] ?? ''}>
          <Choices
            title="Latency is compared under"
            choices={timing}
            value={keys.run}
            count={all.length}
            onChange={(run) => useGround.setState({ run })}
          />
          <Choices
            title="Accuracy is compared on"
            choices={proving}
            value={keys.data}
            count={all.length}
            onChange={(data) => useGround.setState({ data })}
          />
          <Text className="lap-muted">
            Numbers of other circumstances are compared with nothing. Threads, batch and provider of the title bar, and
            the data chosen here, decide what the next measurement is made under.
          </Text>
        </Popover.Dropdown>
      </Popover>
      {order !== null && <MeasureThem order={order} keys={keys} trials={trials} benefit={benefit} />}
      <MeasureLine />
    </>
  );
}

interface ChoicesProps {
  readonly title: string;
  readonly choices: readonly CircumstancesChoice[];
  readonly value: string | null;
  readonly count: number;
  readonly onChange: (key: string) => void;
}

function Choices({ title, choices, value, count, onChange }: ChoicesProps): ReactNode {
  return (
    <Radio.Group label={title} value={value} onChange={onChange}>
      <Stack gap={4} mt={4} mb={10}>
        {choices.length === 0 && <Text className="lap-muted">Not measured yet.</Text>}
        {choices.map(({ key, circumstances, trialIds }) => (
          <Radio
            key={key}
            value={key}
            size="xs"
            label={`${describeCircumstances(circumstances)} · ${trialIds.length} of ${count} trials`}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}

interface MeasureThemProps {
  readonly order: MeasureOrder;
  readonly keys: { readonly run: string | null; readonly data: string | null };
  readonly trials: readonly Trial[];
  readonly benefit: MetricId;
}

/** Which trials have no number under these circumstances, and the click that gives them one. */
function MeasureThem({ order, keys, trials, benefit }: MeasureThemProps): ReactNode {
  const running = useMeasureTask((task) => task.state.status === 'running');
  if (running) return null;
  const without = trials.filter(
    (trial) =>
      trial.status === 'done' &&
      ((keys.run !== null && measurementUnder(trial.measurements, 'latency', keys.run) === undefined) ||
        (keys.data !== null && measurementUnder(trial.measurements, benefit, keys.data) === undefined)),
  );
  const text = `${without.length} ${without.length === 1 ? 'trial has' : 'trials have'} no measurement there`;
  return (
    <span className={classes['missing']} role="note" title={without.map(({ name }) => name).join(', ')}>
      <Text className="lap-muted">{text}</Text>
      {order.problem === null ? (
        <Button
          variant="light"
          onClick={() => void useMeasureTask.getState().run((handle) => measureAll(order.calls, handle))}
        >
          Measure them
        </Button>
      ) : (
        <Text className="lap-muted">{order.problem}</Text>
      )}
    </span>
  );
}

/** One call after the other, so that one cancel ends them; the answers come as events, trial by trial. */
async function measureAll(calls: Extract<MeasureOrder, { problem: null }>['calls'], handle: TaskHandle): Promise<void> {
  for (const params of calls) await engine().call('trial.measure', params, handle);
}

function MeasureLine(): ReactNode {
  const task = useMeasureTask();
  return <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />;
}
