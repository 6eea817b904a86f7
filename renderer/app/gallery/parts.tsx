/** What is made of controls: states of a task, of a panel, of a table, and messages. */
import { Button, Menu, Notification, Tabs } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { EmptyState } from '../../design/EmptyState.tsx';
import { ErrorState } from '../../design/ErrorState.tsx';
import { Facts } from '../../design/Facts.tsx';
import { Histogram } from '../../design/Histogram.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { Panel } from '../../design/Panel.tsx';
import { Section } from '../../design/Section.tsx';
import { Splitter } from '../../design/Splitter.tsx';
import { Stat } from '../../design/Stat.tsx';
import { EngineError } from '../../rpc/engine-error.ts';
import { DataGrid } from '../../widgets/grid/DataGrid.tsx';
import type { GridColumn } from '../../widgets/grid/grid-column.ts';
import { useGrid } from '../../widgets/grid/use-grid.ts';
import { TaskLine } from '../../widgets/TaskLine.tsx';
import { Chooser } from '../Chooser.tsx';
import classes from './Gallery.module.css';
import { SHOWN_JOB } from './controls.tsx';

const noop = (): void => undefined;
const REFUSED = new EngineError({
  code: 'RUNTIME_RUN_FAILED',
  message: 'Layer ‘reshape’ (Reshape) cannot run: data [1, 6] has 6 elements, shape [3, 4] needs 12',
  hint: 'Run it with a batch of 1.',
  layer: 'reshape',
});

interface Row {
  readonly name: string;
  readonly timeMs: number;
}

const ROWS: readonly Row[] = [
  { name: '/conv1/Conv', timeMs: 0.12 },
  { name: '/layer1/layer1.0/conv1/Conv', timeMs: 0.48 },
  { name: '/linear/Gemm', timeMs: 0.01 },
];

const COLUMNS: readonly GridColumn<Row>[] = [
  { key: 'name', title: 'Layer', width: 'minmax(160px, 1fr)', value: ({ name }) => name, render: ({ name }) => name },
  {
    key: 'time',
    title: 'Time',
    width: '90px',
    align: 'right',
    unit: 'ms',
    value: ({ timeMs }) => timeMs,
    render: ({ timeMs }) => `${timeMs} ms`,
  },
];

function Table({ rows, label }: { readonly rows: readonly Row[]; readonly label: string }): ReactNode {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set([ROWS[1]!.name]));
  const grid = useGrid({ id: 'gallery', columns: COLUMNS, rows, rowKey: ({ name }) => name });
  return (
    <div className={classes['table']}>
      <DataGrid
        label={label}
        grid={grid}
        selected={chosen}
        onSelect={({ name }) => setChosen(new Set([name]))}
        empty={<p className="lap-muted">No layer passes the filter.</p>}
      />
    </div>
  );
}

/** Each part with its title. */
export const PARTS: readonly (readonly [title: string, part: ReactNode])[] = [
  [
    'Task at work',
    <TaskLine
      key="busy"
      state={{ status: 'running', jobId: SHOWN_JOB.id }}
      title="Profiling"
      onCancel={noop}
      onDismiss={noop}
    />,
  ],
  [
    'Task that failed',
    <TaskLine
      key="failed"
      state={{ status: 'failed', error: REFUSED }}
      title="Profiling"
      onCancel={noop}
      onDismiss={noop}
    />,
  ],
  [
    'Task that was cancelled',
    <TaskLine key="cancelled" state={{ status: 'cancelled' }} title="Profiling" onCancel={noop} onDismiss={noop} />,
  ],
  [
    'Empty',
    <EmptyState
      key="empty"
      title="Not measured yet"
      icon={<IconGauge size={28} />}
      action={<Button>Measure now</Button>}
    >
      Lapidary runs the model on this machine.
    </EmptyState>,
  ],
  ['Error', <ErrorState key="error" error={REFUSED} onRetry={noop} />],
  ['Loading', <LoadingState key="loading">Reading the layers…</LoadingState>],
  ['Messages', <Messages key="messages" />],
  [
    'Figures',
    <div key="figures" className={classes['row']}>
      <Stat label="Latency (p50)" value="1.24 ms" note="0.96× [0.94, 0.98]" />
      <Stat label="Top-1 accuracy" value="≈ 91.2 %" note="predicted" predicted />
    </div>,
  ],
  [
    'Facts',
    <Facts
      key="facts"
      facts={[
        ['Layer', 'conv1'],
        ['MACs', '2.36 M'],
        ['Left whole', null],
      ]}
    />,
  ],
  [
    'Histogram',
    <Histogram
      key="histogram"
      label="Spread of 100 values"
      histogram={{ min: -1, max: 1, counts: [1, 4, 20, 50, 20, 4, 1] }}
    />,
  ],
  [
    'Panel, open and folded',
    <div key="panel">
      <Panel title="Outline" note="56 layers" fold={{ open: true, onToggle: noop }}>
        <Section title="Measured" note={3}>
          open
        </Section>
        <Section title="Weights" startOpen={false}>
          folded
        </Section>
      </Panel>
      <Panel title="Recipe" note="empty" fold={{ open: false, onToggle: noop }}>
        nothing
      </Panel>
    </div>,
  ],
  ['Table', <Table key="table" label="Layers, some" rows={ROWS} />],
  ['Table, empty', <Table key="none" label="Layers, none" rows={[]} />],
  [
    'Chooser, menu',
    <div key="chooser" className={classes['row']}>
      <Chooser
        label="Threads"
        value={2}
        onChange={noop}
        choices={[
          { value: 1, label: '1' },
          { value: 2, label: '2', note: 'physical cores' },
          { value: 4, label: '4', disabled: true },
        ]}
      />
      <Menu>
        <Menu.Target>
          <Button variant="default">Menu</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item>Exclude from int8</Menu.Item>
          <Menu.Item disabled>Freeze</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>,
  ],
  [
    'Tabs',
    <Tabs key="tabs" defaultValue="a">
      <Tabs.List aria-label="Parts">
        <Tabs.Tab value="a">Picture</Tabs.Tab>
        <Tabs.Tab value="b">Values</Tabs.Tab>
        <Tabs.Tab value="c" disabled>
          Channels
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="a">The first</Tabs.Panel>
      <Tabs.Panel value="b">The second</Tabs.Panel>
    </Tabs>,
  ],
  [
    'Splitter',
    <div key="splitter" className={classes['split']}>
      <span>left</span>
      <Splitter
        label="Width of the left"
        orientation="vertical"
        panel="before"
        size={80}
        min={40}
        max={160}
        onResize={noop}
      />
      <span>right</span>
    </div>,
  ],
];

function Messages(): ReactNode {
  return (
    <>
      {(['blue', 'teal', 'yellow', 'red'] as const).map((color) => (
        <Notification
          key={color}
          color={color}
          withBorder
          title="The engine was started again"
          closeButtonProps={{ 'aria-label': 'Dismiss' }}
          classNames={{ description: 'lap-muted' }}
          mb={6}
        >
          Your trials are safe.
        </Notification>
      ))}
    </>
  );
}
