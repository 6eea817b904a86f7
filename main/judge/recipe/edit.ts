import type { RecipeEdit } from '../../contract/doctor.ts';
import { stepKind, stepOf, stepParts } from '../../contract/recipe/kinds.ts';
import type { Recipe, RecipeStep } from '../../contract/recipe/recipe.ts';
import { changeSettings } from '../../contract/recipe/step-fields.ts';
import type { RewriteStep } from '../../contract/recipe/rewrite.ts';
import type { StepField, StepKind } from '../../contract/recipe/step-kind.ts';

type Settings = Readonly<Record<string, unknown>>;

/**
 * A recipe with edits made, one after the other. The same edits made twice change nothing more.
 * @throws where an edit names settings that its kind does not take
 */
export function editRecipe(recipe: Recipe, edits: readonly RecipeEdit[]): Recipe {
  return { version: 2, steps: edits.reduce<readonly RecipeStep[]>(withEdit, recipe.steps) };
}

function withEdit(steps: readonly RecipeStep[], edit: RecipeEdit): readonly RecipeStep[] {
  if ('change' in edit) return withChange(steps, edit.change);
  const { kind, settings } = stepParts(edit.add);
  const at = steps.findLastIndex((step) => isLike(stepParts(step), { kind, settings }));
  if (at >= 0) return steps.with(at, changed(kind, stepParts(steps[at]!).settings, settings));
  return steps.toSpliced(placeOf(steps, edit.add), 0, edit.add);
}

function withChange(
  steps: readonly RecipeStep[],
  { kind: name, settings }: { readonly kind: string; readonly settings: Settings },
): readonly RecipeStep[] {
  const kind = stepKind(name);
  const at = steps.findLastIndex((step) => stepParts(step).kind.kind === name);
  if (at < 0) return [...steps, changed(kind, kind.initial as Settings, settings)];
  return steps.with(at, changed(kind, stepParts(steps[at]!).settings, settings));
}

/** Switched on, whatever it was: an edit is wanted. */
function changed(kind: StepKind<unknown>, before: Settings, settings: Settings): RecipeStep {
  const joined = Object.entries(settings).map(([key, value]) => {
    const control = controlOf(kind.fields, key);
    if (control === 'layers')
      return [key, [...new Set([...((before[key] ?? []) as string[]), ...(value as string[])])]] as const;
    return [key, BY_NAME.has(control) ? { ...(before[key] as Settings), ...(value as Settings) } : value] as const;
  });
  const next = changeSettings(kind, before, Object.fromEntries(joined)) as Settings;
  return stepOf(kind.kind, withFound(kind, before, next));
}

/**
 * What was found when the recipe was applied (which layers int8 makes slower) stays, where the changed settings still take it:
 * no field shows it, and an edit is meant for the model that was made with it.
 */
function withFound(kind: StepKind<unknown>, before: Settings, after: Settings): Settings {
  const shown = new Set(kind.fields.map(({ key }) => key));
  const found = Object.entries(before).filter(([key]) => !shown.has(key) && after[key] === undefined);
  const parsed = kind.schema.safeParse({ ...after, ...Object.fromEntries(found) });
  return parsed.success ? (parsed.data as Settings) : after;
}

function isLike(a: { kind: StepKind<unknown>; settings: Settings }, b: typeof a): boolean {
  if (a.kind.kind !== b.kind.kind) return false;
  const keys = new Set([...Object.keys(a.settings), ...Object.keys(b.settings)]);
  return [...keys].every(
    (key) =>
      controlOf(a.kind.fields, key) === 'layers' || JSON.stringify(a.settings[key]) === JSON.stringify(b.settings[key]),
  );
}

function controlOf(fields: readonly StepField[], key: string): string {
  return fields.find((field) => field.key === key)?.control ?? '';
}

/** Controls whose settings say something for each of some names: what an edit says is put beside what is there. */
const BY_NAME: ReadonlySet<string> = new Set(['layer-choices', 'ranges']);

/** Rewrites of quantization that is there already; all others come before what changes the model. */
const LAST: ReadonlySet<RewriteStep['pass']> = new Set([
  'float-all',
  'float-layers',
  'fusable-quantization',
  'fast-packed-weights',
  'quantize-weights',
]);

/** What only writes the model another way comes first, in the order of its coming; what changes it, last. */
function placeOf(steps: readonly RecipeStep[], added: RecipeStep): number {
  if (!('rewrite' in added) || LAST.has(added.rewrite.pass)) return steps.length;
  const other = steps.findIndex((step) => !('rewrite' in step) || LAST.has(step.rewrite.pass));
  return other < 0 ? steps.length : other;
}
