/** Ranges of single activations that the quantize step being edited gives. */
import { NEW_STEP, settingsOf, stepToEdit } from './recipe-draft.ts';
import type { RecipeDraft } from './recipe-draft.ts';
import { editKind, useRecipe } from './recipe.ts';

type GivenRange = readonly [least: number, greatest: number];

/** What the recipe says of a tensor's range; null: nothing, undefined: its step takes no ranges. */
export function givenRange(draft: RecipeDraft, chosen: string | null, tensor: string): GivenRange | null | undefined {
  const settings = settingsOf(stepToEdit(draft, 'quantize', chosen), 'quantize') ?? NEW_STEP.quantize;
  return 'ranges' in settings ? (settings.ranges[tensor] ?? null) : undefined;
}

/** Gives a tensor a range, or (null) leaves it to the data again. The step is made where there is none. Undoable. */
export function giveRange(tensor: string, range: GivenRange | null): void {
  const { draft, chosen } = useRecipe.getState();
  const settings = settingsOf(stepToEdit(draft, 'quantize', chosen), 'quantize') ?? NEW_STEP.quantize;
  if (!('ranges' in settings)) return;
  const others = Object.entries(settings.ranges).filter(([name]) => name !== tensor);
  const own = range === null ? [] : [[tensor, [range[0], range[1]] as [number, number]] as const];
  editKind('quantize', { ranges: Object.fromEntries([...others, ...own]) });
}
