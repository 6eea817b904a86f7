import { Button, SegmentedControl } from '@mantine/core';
import { useCallback, useMemo } from 'react';
import type { ReactNode } from 'react';
import type { LayerTrials, Tried } from '../../../../main/contract/layer-trials.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { tell } from '../../../state/messages.ts';
import { precisionBy, PRECISION_TITLES, setPrecision } from '../../../state/precision.ts';
import { useLayerTrials } from '../../../state/queries.ts';
import { useRecipe } from '../../../state/recipe.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { useSession } from '../../../state/session.ts';
import type { HeatCell } from '../../../viz/heat/heat-table.ts';
import { HeatMap } from '../../../widgets/heat/HeatMap.tsx';
import { HeatTools } from '../../../widgets/heat/HeatTools.tsx';
import { useHeat } from '../../../widgets/heat/use-heat.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { useShown } from '../errors/shown.ts';
import { byWay, trialWords, wayAt, type CellNumber } from '../errors/trial-tables.ts';
import classes from '../QuantizeView.module.css';
import { measureLayers, useLayersTask } from '../store.ts';
import { MapBar } from './MapBar.tsx';

/** What single layers cost under every scheme, or with few bits; a click on a scheme gives the layer that precision. */
export function TrialsSection({ tried }: { readonly tried: Tried }): ReactNode {
  const trials = useLayerTrials(
    useSession((state) => state.model?.entry.id ?? null),
    tried,
  );
  return (
    <Loaded query={trials} loading="Looking for what was measured before…">
      {(value) => (value === null ? <NotMeasured tried={tried} /> : <Measured trials={value} />)}
    </Loaded>
  );
}

function MeasureButton({ tried, words }: { readonly tried: Tried; readonly words: string }): ReactNode {
  const hasData = useSession((state) => state.datasetId !== null);
  const busy = useLayersTask(({ state }) => state.status === 'running');
  if (busy) return null;
  return (
    <Button
      variant="default"
      disabled={!hasData}
      title={hasData ? 'Quantizes each layer alone and runs the model on 16 calibration samples' : 'Add data first'}
      onClick={() => void measureLayers(tried)}
    >
      {words}
    </Button>
  );
}

function Progress(): ReactNode {
  const task = useLayersTask();
  return (
    <TaskLine state={task.state} title="Quantizing single layers" onCancel={task.cancel} onDismiss={task.dismiss} />
  );
}

function NotMeasured({ tried }: { readonly tried: Tried }): ReactNode {
  const busy = useLayersTask(({ state }) => state.status === 'running');
  return (
    <div className={classes['maps']}>
      <MapBar>
        <Progress />
      </MapBar>
      <EmptyState
        title={busy ? 'The first layer is being quantized…' : 'Not measured yet'}
        action={<MeasureButton tried={tried} words="Measure" />}
      >
        {tried === 'schemes'
          ? 'Each layer is quantized alone, under every scheme and way to find ranges, and the outputs are compared with the float model’s: which layer can take what. Rows come as they are measured.'
          : 'Each layer’s weights, then its activations, get 8 to 2 bits while all else stays float: how low each can go. Rows come as they are measured.'}
      </EmptyState>
    </div>
  );
}

function Measured({ trials }: { readonly trials: LayerTrials }): ReactNode {
  const { tried } = trials;
  const number = useShown((state) => state.number);
  const setNumber = useShown((state) => state.setNumber);
  const table = useMemo(() => byWay(trials, number), [trials, number]);
  const heat = useHeat(`quantize.${tried}.${number}`, table);
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const hover = useSelection((state) => state.hover);
  const draft = useRecipe((state) => state.draft);
  const chosen = useRecipe((state) => state.chosen);
  const precisions = useMemo(
    () => trials.rows.map((row) => precisionBy(draft, chosen, row.layer)),
    [trials, draft, chosen],
  );
  const marked = useCallback(
    ({ row, column }: HeatCell) => {
      const precision = wayAt(tried, column)?.precision ?? null;
      return precision !== null && precision === precisions[row];
    },
    [tried, precisions],
  );
  const pick = (row: number, column: number | null): void => {
    const name = trials.rows[row]!.layer;
    selectLayer(name, 'chart');
    const precision = column === null ? null : (wayAt(tried, column)?.precision ?? null);
    if (precision === null || precision === precisions[row]) return;
    setPrecision([name], precision);
    tell('info', `${name}: ${PRECISION_TITLES[precision]} in the recipe`);
  };
  const whole = trials.rows.length >= trials.layers;
  return (
    <div className={classes['maps']}>
      <MapBar>
        <Progress />
        <MeasureButton tried={tried} words={whole ? 'Measure again' : 'Go on'} />
        <SegmentedControl
          aria-label="Number"
          value={number}
          data={[
            { value: 'loss', label: trials.measure === 'divergence' ? 'KL' : 'Error' },
            { value: 'sqnrDb', label: 'SQNR' },
          ]}
          onChange={(value) => setNumber(value as CellNumber)}
        />
        <HeatTools heat={heat} noun="layers" fileName={`layers-by-${tried}`} />
      </MapBar>
      <div className={classes['told']} title={trialWords(trials)}>
        {trialWords(trials)}
        {whole ? '' : ` · ${trials.rows.length} of ${trials.layers} layers`}
      </div>
      <HeatMap
        label={tried === 'schemes' ? 'Layers under schemes' : 'Layers with few bits'}
        heat={heat}
        selectedRow={layer}
        revision={revision}
        hoveredRow={hover}
        {...(tried === 'schemes' ? { marked, markedWords: 'in the recipe; a click changes it' } : {})}
        onPick={pick}
        onPoint={(cell) => useSelection.getState().setHover(cell === null ? null : trials.rows[cell.row]!.layer)}
      />
    </div>
  );
}
