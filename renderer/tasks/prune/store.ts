import { editKind, useRecipe } from '../../state/recipe.ts';
import { recipeOf } from '../../state/recipe-draft.ts';
import { useOverlay } from '../../state/overlay.ts';
import { showTrial } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import { QUICK_SAMPLES, measureDraft, measuredDraft } from '../../widgets/measure.ts';

/** The measurement that the slider's release started. */
export const usePruneTask = createTaskStore();

/** Moves the slider: the recipe and everything predicted follow in the same frame. */
export function dragSparsity(sparsity: number): void {
  editKind('prune', { sparsity, off: sparsity === 0 }, 'sparsity');
  const { metric, setMetric } = useOverlay.getState();
  if (metric !== 'sparsity') setMetric('sparsity');
}

/**
 * The slider was let go: measures what it stands at, or shows the trial that did before; a measurement still going on is
 * cancelled for it.
 */
export function releaseSlider(): void {
  const { settle, draft } = useRecipe.getState();
  settle();
  const known = measuredDraft();
  if (recipeOf(draft).steps.length > 0 && known === null) {
    void measurePruned();
    return;
  }
  usePruneTask.getState().cancel();
  if (known !== null) showTrial(known.id);
}

/** Makes and measures the trial of the recipe being edited. */
export async function measurePruned(limit: number | null = QUICK_SAMPLES): Promise<void> {
  await usePruneTask.getState().run((handle) => measureDraft(handle, { limit }));
}
