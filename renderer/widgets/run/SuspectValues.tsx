import { Button, NumberInput, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SuspectRow, Suspects } from '../../../main/contract/suspects.ts';
import { formatCompact, formatCount, formatShape } from '../../../main/judge/format.ts';
import { suspicionText } from '../../../main/judge/suspicion.ts';
import { showDialog } from '../../state/dialogs.ts';
import { engine } from '../../state/engine.ts';
import { putResult, useTrialSuspects } from '../../state/queries.ts';
import { markLayers } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { runSettings } from '../../state/settings.ts';
import { createTaskStore } from '../../state/task.ts';
import { showTab } from '../../state/ui.ts';
import { DataControl } from '../DataControl.tsx';
import { DataGrid } from '../grid/DataGrid.tsx';
import type { GridColumn } from '../grid/grid-column.ts';
import { useGrid } from '../grid/use-grid.ts';
import { Loaded } from '../Loaded.tsx';
import { TaskLine } from '../TaskLine.tsx';
import { LayerJump } from './LayerJump.tsx';
import classes from './RunDialog.module.css';

const useLooking = createTaskStore();

/** NaN, ±∞, denormal numbers and channels that are always 0, over a data set; what was found last stays with the trial. */
export function SuspectValues({ trialId }: { readonly trialId: string }): ReactNode {
  const datasetId = useSession((state) => state.datasetId);
  const [limit, setLimit] = useState<number | null>(null);
  const found = useTrialSuspects(trialId);
  const { state, run, cancel, dismiss } = useLooking();
  const start = async (data: string): Promise<void> => {
    const { dims } = runSettings();
    const result = await run((handle) =>
      engine().call('trial.suspects.run', { trialId, datasetId: data, limit, dims }, handle),
    );
    if (result !== null) putResult('trial.suspects', trialId, result);
  };
  return (
    <section className={classes['part']} aria-label="Suspect values">
      <div className={classes['line']}>
        <DataControl />
        <NumberInput
          aria-label="Samples"
          w={140}
          min={1}
          allowDecimal={false}
          placeholder="all samples"
          suffix=" samples"
          value={limit ?? ''}
          onChange={(count) => setLimit(typeof count === 'number' && count > 0 ? count : null)}
        />
        <Button
          disabled={datasetId === null || state.status === 'running'}
          onClick={() => datasetId !== null && void start(datasetId)}
        >
          Look at the values
        </Button>
      </div>
      <TaskLine state={state} title="Looking at values" onCancel={cancel} onDismiss={dismiss} />
      <Loaded query={found} loading="Reading what was found…">
        {(suspects) =>
          suspects === null ? (
            <Text className="lap-muted">
              Every value between layers is looked at on every sample: what is not a number, infinite or smaller than
              the least normal number, and channels that are always 0.
            </Text>
          ) : (
            <Found suspects={suspects} />
          )
        }
      </Loaded>
    </section>
  );
}

const COLUMNS: readonly GridColumn<SuspectRow>[] = [
  {
    key: 'layer',
    title: 'Layer',
    width: 'minmax(180px, 1fr)',
    value: ({ layer }) => layer ?? 'input',
    render: ({ layer }) => (layer === null ? 'input of the model' : <LayerJump name={layer} />),
  },
  { key: 'op', title: 'Operator', width: '130px', value: ({ op }) => op, render: ({ op }) => op },
  {
    key: 'value',
    title: 'Value',
    width: 'minmax(140px, 0.7fr)',
    value: ({ value }) => value,
    render: ({ value }) => value,
  },
  {
    key: 'shape',
    title: 'Dimensions',
    width: '120px',
    value: ({ shape }) => formatShape(shape),
    render: ({ shape }) => formatShape(shape),
  },
  {
    key: 'suspect',
    title: 'Suspect',
    width: 'minmax(300px, 1.6fr)',
    value: (row) => suspicionText(row).join('; '),
    render: (row) => suspicionText(row).join('; '),
  },
];

function Found({ suspects }: { readonly suspects: Suspects }): ReactNode {
  const { on, samples, values, elements, rows } = suspects;
  const grid = useGrid({ id: 'run.suspects', columns: COLUMNS, rows, rowKey: ({ value }) => value });
  const layers = [...new Set(rows.flatMap(({ layer }) => layer ?? []))];
  const where = `${formatCount(samples)} samples of ${on}, ${formatCount(values)} values, ${formatCompact(elements)} elements`;
  return (
    <>
      <div className={classes['line']}>
        <Text role="status">
          {rows.length === 0 ? 'Nothing suspect' : `${formatCount(rows.length)} suspect values`}
        </Text>
        <Text className="lap-muted">{where}</Text>
        {layers.length > 0 && (
          <Button
            variant="default"
            title="The same as the query is:suspect"
            onClick={() => {
              showDialog(null);
              showTab('graph');
              markLayers(layers, 'set');
            }}
          >
            Mark {formatCount(layers.length)} layers in the graph
          </Button>
        )}
      </div>
      {rows.length > 0 && (
        <div className={classes['grid']}>
          <DataGrid label="Suspect values" grid={grid} />
        </div>
      )}
    </>
  );
}
