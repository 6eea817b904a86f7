import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { ErrorTable } from '../../../../main/contract/results.ts';
import type { Trial } from '../../../../main/contract/studio.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { useTrialErrors } from '../../../state/queries.ts';
import { useSession } from '../../../state/session.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { buildHeatmap } from '../heatmap.ts';
import { measureTrialErrors, useErrorsTask } from '../store.ts';
import { Heatmap } from './Heatmap.tsx';

/** The error heatmap of a quantized trial, or the way to it. The layers table says the same in numbers. */
export function ErrorsSection({ trial }: { readonly trial: Trial | null }): ReactNode {
  const errors = useTrialErrors(trial?.id ?? null);
  const datasetId = useSession((state) => state.datasetId);
  const running = useErrorsTask((task) => task.state.status === 'running');
  if (trial === null)
    return (
      <EmptyState title="No quantized trial yet">
        Switch Int8 on and press Run; then every layer’s error can be measured against the float model. Which layers it
        reaches is chosen in the layers table below.
      </EmptyState>
    );
  return (
    <Loaded query={errors} loading="Looking for a kept error table…">
      {(table) =>
        table === null ? (
          <EmptyState
            title="Errors were not measured yet"
            action={
              <Button disabled={datasetId === null} loading={running} onClick={() => void measureTrialErrors(trial.id)}>
                Measure now
              </Button>
            }
          >
            The float and the int8 model run on the same samples, and every layer’s output is compared: which layer
            hurts, and which only inherits the damage.
          </EmptyState>
        ) : (
          <ErrorMap errors={table} />
        )
      }
    </Loaded>
  );
}

function ErrorMap({ errors }: { readonly errors: ErrorTable }): ReactNode {
  const heatmap = useMemo(() => buildHeatmap(errors), [errors]);
  return <Heatmap heatmap={heatmap} />;
}
