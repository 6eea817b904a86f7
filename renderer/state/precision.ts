/** The policy of the quantize step that is edited: which layer computes in what. */
import type { LayerPrecision } from '../../main/contract/recipe/quantize-static.ts';
import { NEW_STEP, settingsOf, stepToEdit } from './recipe-draft.ts';
import type { RecipeDraft } from './recipe-draft.ts';
import { editKind, useRecipe } from './recipe.ts';

export const PRECISION_TITLES: Readonly<Record<LayerPrecision, string>> = {
  float: 'float32',
  int8: 'int8',
  'int8-7bit': 'int8, 7-bit weights',
  int16: 'int16 activations',
};

/** What a layer computes in by the recipe: its own precision, float where it is left out, else that of the step; null: no such step. */
export function precisionBy(draft: RecipeDraft, chosen: string | null, layer: string): LayerPrecision | null {
  const settings = settingsOf(stepToEdit(draft, 'quantize', chosen), 'quantize');
  if (settings === null || !('layers' in settings)) return null;
  if (settings.exclude.includes(layer)) return 'float';
  return settings.layers[layer] ?? (settings.scheme === 'int16-static' ? 'int16' : 'int8');
}

/**
 * Gives layers a precision of their own, or (null) that of the step. The step is made where there is none, switched off: the
 * choice is kept until the step is wanted. Undoable, as every edit of the recipe.
 */
export function setPrecision(names: readonly string[], precision: LayerPrecision | null): void {
  const { draft, chosen } = useRecipe.getState();
  const entry = stepToEdit(draft, 'quantize', chosen);
  const settings = settingsOf(entry, 'quantize') ?? NEW_STEP.quantize;
  if (!('layers' in settings)) return;
  const others = Object.entries(settings.layers).filter(([name]) => !names.includes(name));
  const own = precision === null ? [] : names.map((name) => [name, precision] as const);
  editKind('quantize', {
    layers: Object.fromEntries([...others, ...own]),
    exclude: settings.exclude.filter((name) => !names.includes(name)),
    off: entry?.off ?? true,
  });
}
