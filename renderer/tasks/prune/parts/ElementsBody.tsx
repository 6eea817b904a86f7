import type { ReactNode } from 'react';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { NEW_STEP, settingsOf } from '../../../state/recipe-draft.ts';
import { usePrunePlan } from '../../../state/queries.ts';
import { useEditedStep } from '../../../state/recipe.ts';
import { useSession } from '../../../state/session.ts';
import { BaselineHint } from '../../../widgets/BaselineHint.tsx';
import { Loaded } from '../../../widgets/Loaded.tsx';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import classes from '../PruneView.module.css';
import { AccuracyCurve } from './AccuracyCurve.tsx';
import { PruneFigures } from './PruneFigures.tsx';
import { SparsitySlider } from './SparsitySlider.tsx';

/** Pruning of single weights: a slider of sparsity, and accuracy over it. */
export function ElementsBody({ prediction }: { readonly prediction: DraftPrediction }): ReactNode {
  const plan = usePrunePlan(useSession((state) => state.model?.entry.id ?? null));
  const hasShare = 'sparsity' in (settingsOf(useEditedStep('prune'), 'prune') ?? NEW_STEP.prune);
  return (
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
  );
}
