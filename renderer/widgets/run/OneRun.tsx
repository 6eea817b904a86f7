import { Button, NumberInput, Select, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { RunFailure, RunReport } from '../../../main/contract/run-report.ts';
import { formatCount, formatShape } from '../../../main/judge/format.ts';
import { Facts } from '../../design/Facts.tsx';
import { engine } from '../../state/engine.ts';
import { useSession } from '../../state/session.ts';
import { runSettings } from '../../state/settings.ts';
import { createTaskStore } from '../../state/task.ts';
import { DataGrid } from '../grid/DataGrid.tsx';
import type { GridColumn } from '../grid/grid-column.ts';
import { useGrid } from '../grid/use-grid.ts';
import { TaskLine } from '../TaskLine.tsx';
import { LayerJump } from './LayerJump.tsx';
import classes from './RunDialog.module.css';

const MADE = '';
const useRunning = createTaskStore();

/** One run as the graph is written: the dimensions of every value, or the layer that fails, what came to it and why. */
export function OneRun({ trialId }: { readonly trialId: string }): ReactNode {
  const datasets = useSession((state) => state.datasets);
  const evaluated = useSession((state) => state.datasetId);
  const [datasetId, setDatasetId] = useState(evaluated);
  const [sample, setSample] = useState(0);
  const [report, setReport] = useState<RunReport | null>(null);
  const { state, run, cancel, dismiss } = useRunning();
  const start = async (): Promise<void> => {
    setReport(null);
    const { batch, dims } = runSettings();
    const params = { trialId, datasetId, sample, settings: { batch: datasetId === null ? batch : 1, dims } };
    setReport(await run((handle) => engine().call('trial.runOnce', params, handle)));
  };
  return (
    <section className={classes['part']} aria-label="One run">
      <div className={classes['line']}>
        <Select
          aria-label="Inputs"
          w={230}
          value={datasetId ?? MADE}
          data={[
            { value: MADE, label: 'inputs made at random' },
            ...datasets.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={(id) => setDatasetId(id === MADE ? null : id)}
        />
        <NumberInput
          aria-label="Sample"
          prefix="sample "
          w={120}
          min={0}
          allowDecimal={false}
          disabled={datasetId === null}
          value={sample}
          onChange={(at) => typeof at === 'number' && setSample(at)}
        />
        <Button disabled={state.status === 'running'} onClick={() => void start()}>
          Run once
        </Button>
        {report !== null && report.failure === null && (
          <Text className="lap-muted" role="status">
            All {formatCount(report.layers)} layers run on {report.on}.
          </Text>
        )}
        {report === null && state.status === 'idle' && (
          <Text className="lap-muted">Runs the graph as it is written and tells the dimensions of every value.</Text>
        )}
      </div>
      <TaskLine state={state} title="Running" onCancel={cancel} onDismiss={dismiss} />
      {report !== null && report.failure !== null && <Failure failure={report.failure} on={report.on} />}
      {report !== null && <Values report={report} />}
    </section>
  );
}

const typed = ({ dtype, shape }: { readonly dtype: string | null; readonly shape: readonly number[] | null }): string =>
  `${dtype ?? '?'} ${shape === null ? 'not told' : formatShape(shape)}`;

function Failure({ failure, on }: { readonly failure: RunFailure; readonly on: string }): ReactNode {
  const { layer, op, reason, advice, runtime, inputs } = failure;
  return (
    <div className={classes['failure']} role="alert">
      <h3>
        <LayerJump name={layer} /> ({op}) cannot run on {on}
      </h3>
      <p>{reason}</p>
      <p className="lap-muted">{advice}</p>
      <Facts
        facts={[
          ...inputs.map(
            (input) =>
              [
                input.name,
                <span key={input.name} className="lap-mono">
                  {typed(input)}
                  {input.values !== null && ` = ${input.values.slice(0, 16).join(', ')}`}
                  {input.values !== null && input.values.length > 16 && ' …'}
                </span>,
              ] as const,
          ),
          ['Runtime', runtime],
        ]}
      />
    </div>
  );
}

type Row = RunReport['values'][number];

const COLUMNS: readonly GridColumn<Row>[] = [
  {
    key: 'layer',
    title: 'Layer',
    width: 'minmax(200px, 1fr)',
    value: ({ layer }) => layer,
    render: ({ layer }) => <LayerJump name={layer} />,
  },
  { key: 'op', title: 'Operator', width: '150px', value: ({ op }) => op, render: ({ op }) => op },
  { key: 'value', title: 'Value', width: 'minmax(200px, 1fr)', value: ({ name }) => name, render: ({ name }) => name },
  { key: 'dtype', title: 'Type', width: '90px', value: ({ dtype }) => dtype, render: ({ dtype }) => dtype ?? '?' },
  {
    key: 'shape',
    title: 'Dimensions',
    width: '170px',
    value: ({ shape }) => (shape === null ? null : formatShape(shape)),
    render: ({ shape }) => (shape === null ? 'not told' : formatShape(shape)),
  },
];

function Values({ report }: { readonly report: RunReport }): ReactNode {
  const rows = useMemo(() => report.values, [report]);
  const grid = useGrid({ id: 'run.values', columns: COLUMNS, rows, rowKey: ({ name }) => name });
  return (
    <div className={classes['grid']}>
      <DataGrid
        label="Values of the run"
        grid={grid}
        empty={
          <Text className="lap-muted" p="sm">
            Nothing was made before it failed.
          </Text>
        }
      />
    </div>
  );
}
