import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { ErrorTable } from '../../../../main/contract/results.ts';
import type { Trial } from '../../../../main/contract/studio.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { useTrialErrors } from '../../../state/queries.ts';
import { hasStep, useRecipe } from '../../../state/recipe.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { useSession } from '../../../state/session.ts';
import type { HeatTable } from '../../../viz/heat/heat-table.ts';
import { HeatMap } from '../../../widgets/heat/HeatMap.tsx';
import { HeatTools } from '../../../widgets/heat/HeatTools.tsx';
import { useHeat } from '../../../widgets/heat/use-heat.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { byChannel, byLayer, bySample } from '../errors/error-tables.ts';
import { useShown } from '../errors/shown.ts';
import classes from '../QuantizeView.module.css';
import { measureTrialErrors, useErrorsTask, useQuantizeTask } from '../store.ts';
import { MapBar } from './MapBar.tsx';
import { TrialsSection } from './TrialsSection.tsx';

/** The heat maps of quantization errors, or the way to them. */
export function ErrorsSection({ trial }: { readonly trial: Trial | null }): ReactNode {
  const map = useShown((state) => state.map);
  if (map === 'schemes' || map === 'bits') return <TrialsSection key={map} tried={map} />;
  return <TrialErrors trial={trial} map={map} />;
}

type ErrorsBy = 'layers' | 'channels' | 'samples';

const TABLES: Readonly<Record<ErrorsBy, (errors: ErrorTable) => HeatTable>> = {
  layers: byLayer,
  channels: byChannel,
  samples: bySample,
};

function TrialErrors({ trial, map }: { readonly trial: Trial | null; readonly map: ErrorsBy }): ReactNode {
  const errors = useTrialErrors(trial?.id ?? null);
  const datasetId = useSession((state) => state.datasetId);
  const running = useErrorsTask((task) => task.state.status === 'running');
  if (trial === null)
    return (
      <div className={classes['maps']}>
        <MapBar />
        <NoTrial />
      </div>
    );
  return (
    <Loaded query={errors} loading="Looking for a kept error table…">
      {(table) =>
        table === null ? (
          <div className={classes['maps']}>
            <MapBar />
            <EmptyState
              title="Errors were not measured yet"
              action={
                <Button
                  disabled={datasetId === null}
                  loading={running}
                  onClick={() => void measureTrialErrors(trial.id)}
                >
                  Measure now
                </Button>
              }
            >
              The float and the quantized model run on the same samples, and every layer’s output is compared: which
              layer hurts, and which only inherits the damage.
            </EmptyState>
          </div>
        ) : (
          <ErrorMap key={map} errors={table} map={map} />
        )
      }
    </Loaded>
  );
}

function NoTrial(): ReactNode {
  const enabled = useRecipe(({ draft }) => hasStep(draft, 'quantize'));
  const making = useQuantizeTask((task) => task.state.status === 'running');
  if (making)
    return (
      <EmptyState title="The int8 model is being made">
        Every layer’s error can be measured against the float model as soon as it is there.
      </EmptyState>
    );
  return (
    <EmptyState title="No quantized trial yet">
      {enabled ? 'Press Run' : 'Switch Int8 on and press Run'}; then every layer’s error can be measured against the
      float model. Which layers it reaches is chosen in the layers table below.
    </EmptyState>
  );
}

function ErrorMap({ errors, map }: { readonly errors: ErrorTable; readonly map: ErrorsBy }): ReactNode {
  const table = useMemo(() => TABLES[map](errors), [errors, map]);
  const heat = useHeat(`quantize.${map}`, table);
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const hover = useSelection((state) => state.hover);
  const pick = (row: number, column: number | null): void => {
    selectLayer(table.rows[row]!.key, 'chart');
    if (map === 'samples') useShown.getState().setRun(column);
    if (map === 'channels') useShown.getState().setChannel(column);
  };
  const empty = table.columns.length === 0;
  return (
    <div className={classes['maps']}>
      <MapBar>{!empty && <HeatTools heat={heat} noun="layers" fileName={`errors-by-${map}`} />}</MapBar>
      {empty ? (
        <EmptyState title={`Nothing was measured by ${map}`}>
          This table was made by an older version, or no layer’s output has {map}. Measure the errors again.
        </EmptyState>
      ) : (
        <HeatMap
          label="Quantization errors"
          heat={heat}
          selectedRow={layer}
          revision={revision}
          hoveredRow={hover}
          onPick={pick}
          onPoint={(cell) => useSelection.getState().setHover(cell === null ? null : table.rows[cell.row]!.key)}
        />
      )}
    </div>
  );
}
