import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { EmptyState } from '../../design/EmptyState.tsx';
import { Task } from '../../design/Task.tsx';
import { useOverlay } from '../../state/overlay.ts';
import { NEW_STEP, settingsOf } from '../../state/recipe-draft.ts';
import { useEditedStep, useRecipe } from '../../state/recipe.ts';
import { usePrunePlan } from '../../state/queries.ts';
import { useSession } from '../../state/session.ts';
import { BaselineHint } from '../../widgets/BaselineHint.tsx';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';
import type { DraftPrediction } from '../../widgets/useDraftPrediction.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
import classes from './PruneView.module.css';
import { AccuracyCurve } from './parts/AccuracyCurve.tsx';
import { PruneFigures } from './parts/PruneFigures.tsx';
import { PruneToolbar } from './parts/PruneToolbar.tsx';
import { SparsitySlider } from './parts/SparsitySlider.tsx';

/** The Prune task: a slider that answers at once with a prediction, and after its release with a measurement. */
export function PruneView(): ReactNode {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const plan = usePrunePlan(modelId);
  const prediction = useDraftPrediction();
  const hasShare = 'sparsity' in (settingsOf(useEditedStep('prune'), 'prune') ?? NEW_STEP.prune);
  useLiveSparsity(prediction);
  if (modelId === null || prediction === null)
    return <EmptyState title="No model is open">Open one to see what can be pruned.</EmptyState>;
  return (
    <Task>
      <PruneToolbar />
      <Loaded query={plan} loading="Counting weights…">
        {(value) =>
          value.layers.length === 0 ? (
            <EmptyState title="Nothing in this model can be pruned">
              No layer has constant floating-point weights of its own.
            </EmptyState>
          ) : (
            <>
              {hasShare && <SparsitySlider />}
              <BaselineHint />
              <PruneFigures prediction={prediction} />
              <div className={classes['curve']}>
                <AccuracyCurve prediction={prediction} />
              </div>
            </>
          )
        }
      </Loaded>
    </Task>
  );
}

/**
 * Shows the predicted sparsity of each layer on the graph, until a trial of this recipe is measured. It stays when the
 * task is left (to look at the graph), and goes when the recipe is changed elsewhere.
 */
function useLiveSparsity(prediction: DraftPrediction | null): void {
  const isMeasured = (prediction?.measured?.prune ?? null) !== null;
  const cut = prediction === null || isMeasured ? null : prediction.predicted.cut;
  useEffect(() => {
    useOverlay.getState().setLive(
      cut && {
        metric: 'sparsity',
        title: 'Sparsity',
        unit: '%',
        source: 'predicted from the weights’ magnitudes',
        predicted: true,
        values: new Map(
          cut.layers.flatMap(({ name, sparsity }) => (sparsity === null ? [] : [[name, sparsity] as const])),
        ),
        lowIsBad: false,
      },
    );
  }, [cut]);
  useEffect(
    () => () => {
      const stop = useRecipe.subscribe((state, before) => {
        if (state.draft === before.draft) return;
        useOverlay.getState().setLive(null);
        stop();
      });
    },
    [],
  );
}
