import type { PruneStep } from '../../../main/contract/recipe/prune.ts';
import type { Trial } from '../../../main/contract/studio.ts';
import type { WidthMeasure } from '../../../main/judge/predict/widths.ts';
import { editKind, useRecipe } from '../../state/recipe.ts';
import { recipeOf } from '../../state/recipe-draft.ts';
import { useOverlay } from '../../state/overlay.ts';
import { showTrial, useSession } from '../../state/session.ts';
import { createTaskStore, type TaskHandle } from '../../state/task.ts';
import { evaluateOn, measureDraft, measuredDraft, samplesOn } from '../../widgets/measure.ts';
import { FIRST_STAGE, limitAfter } from './stages.ts';

/** The measurement that the slider's release started. */
export const usePruneTask = createTaskStore();

/** Moves the slider: the recipe and everything predicted follow in the same frame. */
export function dragSparsity(sparsity: number): void {
  editKind('prune', { sparsity, off: sparsity === 0 }, 'sparsity');
  const { metric, setMetric } = useOverlay.getState();
  if (metric !== 'sparsity') setMetric('sparsity');
}

/** A step that takes whole parts out of the model, until so much of a measure is left. */
export type StructureStep = Extract<PruneStep, { readonly target: unknown }>;

/** What a cut can be aimed at. */
export type TargetMeasure = WidthMeasure | 'latency';

/** The target slider moves: the recipe and everything predicted follow in the same frame. @param keep 1: nothing is cut */
export function dragKeep(structure: StructureStep['structure'], measure: TargetMeasure, keep: number): void {
  const off = keep >= 1;
  editKind('prune', { ...(off ? { structure } : aimed(structure, measure, keep)), off } as PruneChange, 'target');
  if (structure === 'channel') showKept();
}

/** Aims at the same share of another measure. */
export function chooseMeasure(
  structure: StructureStep['structure'],
  measure: TargetMeasure,
  { keep, off }: { readonly keep: number; readonly off: boolean },
): void {
  editKind('prune', { ...aimed(structure, measure, keep), off });
  if (!off) releaseSlider();
}

type PruneChange = Partial<StructureStep> & { readonly off: boolean };

function aimed(structure: StructureStep['structure'], measure: TargetMeasure, keep: number): Partial<StructureStep> {
  return { structure, target: { [measure]: keep } } as unknown as Partial<StructureStep>;
}

/** The graph is coloured by what stays of each layer's channels. */
export function showKept(): void {
  const { metric, setMetric } = useOverlay.getState();
  if (metric !== 'kept') setMetric('kept');
}

/**
 * The slider was let go: measures what it stands at, or shows the trial that did before; a measurement still going on is
 * cancelled for it.
 */
export function releaseSlider(): void {
  const { settle, draft } = useRecipe.getState();
  settle();
  const known = measuredDraft();
  if (known !== null) showTrial(known.id);
  if (recipeOf(draft).steps.length > 0 && (known === null || nextLimit(known) !== undefined)) {
    void usePruneTask.getState().run((handle) => measureInStages(handle, known));
    return;
  }
  usePruneTask.getState().cancel();
}

/** Makes and measures the trial of the recipe being edited, on all samples. */
export async function measurePruned(): Promise<void> {
  await usePruneTask.getState().run((handle) => measureDraft(handle, { limit: null }));
}

/** Makes the trial where it is not there yet, then evaluates it on more and more samples: each narrows the interval. */
async function measureInStages(handle: TaskHandle, known: Trial | null): Promise<void> {
  let trial = known ?? (await measureDraft(handle, { limit: FIRST_STAGE }));
  while (trial !== null) {
    const before: Trial = trial;
    const limit = nextLimit(before);
    if (limit === undefined) return;
    await evaluateOn(before.id, limit, handle);
    trial = useSession.getState().trials.find(({ id }) => id === before.id) ?? null;
    // Nothing came of it: other data were chosen meanwhile.
    if (trial !== null && measuredSamples(trial) === measuredSamples(before)) return;
  }
}

function nextLimit(trial: Trial): number | null | undefined {
  const { datasetId, datasets } = useSession.getState();
  const all = datasets.find((entry) => entry.id === datasetId)?.samples;
  return all === undefined ? undefined : limitAfter(measuredSamples(trial), all);
}

function measuredSamples(trial: Trial): number {
  const { datasetId } = useSession.getState();
  return datasetId === null ? -1 : samplesOn(trial, datasetId);
}
