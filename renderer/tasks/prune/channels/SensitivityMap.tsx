import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import type { Sensitivity } from '../../../../main/contract/sensitivity.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { ToolbarSpace } from '../../../design/Task.tsx';
import { useSensitivity } from '../../../state/queries.ts';
import { NONE_LIT, selectLayer, useSelection } from '../../../state/selection.ts';
import { useSession } from '../../../state/session.ts';
import { HeatMap } from '../../../widgets/heat/HeatMap.tsx';
import { HeatTools } from '../../../widgets/heat/HeatTools.tsx';
import { useHeat } from '../../../widgets/heat/use-heat.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import classes from './channels.module.css';
import { LowerBar, type Shown } from './LowerBar.tsx';
import { layersOf, type GroupRow } from './model.ts';
import {
  cutsOtherwise,
  keptAt,
  measureWords,
  sensitivityHeat,
  sensitivityLines,
  sensitivityScore,
} from './sensitivity-model.ts';
import { measureSensitivity, setWidth, useSensitivityTask } from './store.ts';

interface SensitivityMapProps {
  readonly step: ChannelPruning;
  readonly rows: readonly GroupRow[];
  readonly onShow: (shown: Shown) => void;
}

/** What it costs to cut each group alone, as a heat map; a click on a cell makes that cut. */
export function SensitivityMap(props: SensitivityMapProps): ReactNode {
  const table = useSensitivity(useSession((state) => state.model?.entry.id ?? null));
  return (
    <Loaded query={table} loading="Looking for what was measured before…">
      {(value) => <Measured {...props} table={value} />}
    </Loaded>
  );
}

function Measured({
  step,
  rows,
  onShow,
  table,
}: SensitivityMapProps & { readonly table: Sensitivity | null }): ReactNode {
  const task = useSensitivityTask();
  const hasData = useSession((state) => state.datasetId !== null);
  const lines = useMemo(() => sensitivityLines(rows, table), [rows, table]);
  const heat = useHeat(
    'prune.sensitivity',
    useMemo(() => sensitivityHeat(lines), [lines]),
  );
  const whole = table !== null && table.rows.length >= table.groups;
  const other = table !== null && table.score !== sensitivityScore(step);
  const otherwise = cutsOtherwise(step);
  const how = [
    table === null ? null : measureWords(table),
    table !== null && other ? `by ${table.score}` : null,
    otherwise,
  ].filter((words) => words !== null);
  const measure = (
    <Button variant="default" disabled={!hasData} onClick={() => void measureSensitivity(step)}>
      {table === null || other ? 'Measure' : whole ? 'Measure again' : 'Go on'}
    </Button>
  );
  return (
    <>
      <LowerBar shown="sensitivity" onShow={onShow}>
        <span className={`lap-muted ${classes['told'] ?? ''}`} title={how.join('; ')}>
          {how.join('; ')}
        </span>
        <ToolbarSpace />
        <TaskLine state={task.state} title="Cutting groups" onCancel={task.cancel} onDismiss={task.dismiss} />
        {table !== null && task.state.status !== 'running' && measure}
        {table !== null && <HeatTools heat={heat} noun="groups" fileName="sensitivity" />}
      </LowerBar>
      {table === null ? (
        <EmptyState
          title={task.state.status === 'running' ? 'The first group is being cut…' : 'Not measured yet'}
          action={task.state.status === 'running' ? undefined : measure}
        >
          Each group is cut alone to six widths, and the outputs are compared with those of the whole model on up to 64
          calibration samples: which groups can be spared, and which cannot.
          {step.score === 'obs' && ' The layers behind the group are fitted again at each width, as a repair does.'}
          {!hasData && ' Add data first.'}
        </EmptyState>
      ) : (
        <div className={classes['grid']}>
          <HeatMap
            label="Sensitivity of groups"
            heat={heat}
            marked={({ row, column }) => keptAt(lines[row]!, column) === lines[row]!.group.kept}
            markedWords="what the recipe keeps"
            onPick={(row, column) => {
              const { group } = lines[row]!;
              const kept = column === null ? null : keptAt(lines[row]!, column);
              if (kept === null) selectLayer(group.producers[0] ?? null, 'chart');
              else setWidth(step, group.name, kept);
            }}
            onPoint={(cell) =>
              useSelection.getState().setLit(cell === null ? NONE_LIT : layersOf(lines[cell.row]!.group))
            }
          />
        </div>
      )}
    </>
  );
}
