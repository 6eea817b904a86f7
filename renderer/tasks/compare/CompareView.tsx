import type { ReactNode } from 'react';
import { Button } from '@mantine/core';
import { EmptyState } from '../../design/EmptyState.tsx';
import { useSession } from '../../state/session.ts';
import { showTab } from '../../state/ui.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
import classes from './CompareView.module.css';
import { CompareToolbar } from './parts/CompareToolbar.tsx';
import { LayerDiff } from './parts/LayerDiff.tsx';
import { MetricTable } from './parts/MetricTable.tsx';
import { useCompareUi, useComparedFile, useComparison } from './store.ts';

/** The Compare task: two trials side by side, their numbers and their layers. */
export function CompareView(): ReactNode {
  const a = useSession((state) => state.a);
  const b = useSession((state) => state.b);
  const count = useSession((state) => state.trials.length);
  const file = useComparedFile();
  const view = useCompareUi((state) => state.view);
  const comparison = useComparison(a, b, file);
  if (a === null)
    return <EmptyState title="No model is open">Open one, make a trial, then compare it here.</EmptyState>;
  return (
    <div className={classes['view']}>
      <CompareToolbar />
      {b === null &&
        file === null &&
        (count < 2 ? (
          <EmptyState
            title="There is only the baseline so far"
            action={<Button onClick={() => showTab('prune')}>Go to Prune</Button>}
          >
            Prune or quantize first: every measured recipe becomes a trial that can stand here beside the baseline. Any
            other model file can stand here too: “File…” above.
          </EmptyState>
        ) : (
          <EmptyState title="Choose a second trial">
            Pick B above, a file of another model, or Shift-click a point of the Trade-off chart.
          </EmptyState>
        ))}
      {(b !== null || file !== null) && (
        <Loaded query={comparison} loading="Comparing…">
          {(value) => (
            <>
              {view === 'table' && <MetricTable comparison={value} />}
              <LayerDiff comparison={value} />
            </>
          )}
        </Loaded>
      )}
    </div>
  );
}
