/** The recipe being edited: an ordered list of steps, those switched off among them. Pure. */
import { stepKind, stepOf, stepParts, STEP_KINDS } from '../../main/contract/recipe/kinds.ts';
import type { StepKindName, StepSettings } from '../../main/contract/recipe/kinds.ts';
import { changeSettings } from '../../main/contract/recipe/step-fields.ts';
import type { Recipe, RecipeStep } from '../../main/contract/recipe/recipe.ts';

export type StepKind = StepKindName;

/** One step of the list. */
export interface DraftStep {
  /** Tells steps apart while the list is edited; no part of the recipe. */
  readonly key: string;
  /** Kept, with its settings and exclusions, and not applied. */
  readonly off: boolean;
  readonly step: RecipeStep;
}

export type RecipeDraft = readonly DraftStep[];

export const EMPTY_DRAFT: RecipeDraft = [];

/** Settings of a new step. */
export const NEW_STEP = Object.fromEntries(
  STEP_KINDS.map(({ kind, initial }) => [kind, initial]),
) as unknown as StepSettings;

/** What a step does. */
export function kindOf(step: RecipeStep): StepKind {
  return stepParts(step).kind.kind as StepKind;
}

/** The settings of a step that is of a kind, else null. */
export function settingsOf<K extends StepKind>(entry: DraftStep | undefined, kind: K): StepSettings[K] | null {
  return entry !== undefined && kind in entry.step ? (entry.step as unknown as StepSettings)[kind] : null;
}

type Settings = Readonly<Record<string, unknown>>;

/** A step of a kind with the settings that come nearest to these, some of them changed: what has no effect beside the others goes. */
export function makeStep(kind: StepKind, settings: Settings, change: Settings = {}): RecipeStep {
  return stepOf(kind, changeSettings(stepKind(kind), settings, change));
}

/** The recipe that a draft means: its steps in order; what is switched off is left out. */
export function recipeOf(draft: RecipeDraft): Recipe {
  return { version: 2, steps: draft.filter((entry) => !entry.off).map((entry) => entry.step) };
}

/** All steps of a draft, those that are switched off marked so: for what is said of their order. */
export function wholeRecipe(draft: RecipeDraft): Recipe {
  return {
    version: 2,
    steps: draft.map(({ step, off }) => {
      const { kind, settings } = stepParts(step);
      return stepOf(kind.kind, settings, off);
    }),
  };
}

/** The draft that shows a recipe, every step of it, in order. */
export function draftOf(recipe: Recipe): RecipeDraft {
  return recipe.steps.reduce<RecipeDraft>((draft, step) => {
    const { kind, settings, off } = stepParts(step);
    return withStep(draft, stepOf(kind.kind, settings), draft.length, off);
  }, EMPTY_DRAFT);
}

/** The draft with a step put in; by default after the last of its kind, else at the end. */
export function withStep(draft: RecipeDraft, step: RecipeStep, at = draft.length, off = false): RecipeDraft {
  const taken = draft.map((entry) => Number(entry.key));
  const key = String(Math.max(0, ...taken) + 1);
  return draft.toSpliced(at, 0, { key, off, step });
}

/** Where a new step of a kind belongs: at the end, but before what it cannot come after (pruning before quantization). */
export function placeFor(draft: RecipeDraft, kind: StepKind): number {
  const first = draft.findIndex((entry) => kind in stepKind(kindOf(entry.step)).mustComeAfter);
  return first < 0 ? draft.length : first;
}

/** The draft without a step. */
export function withoutStep(draft: RecipeDraft, key: string): RecipeDraft {
  return draft.filter((entry) => entry.key !== key);
}

/** The draft with a step moved to another place, 0 … length − 1. */
export function withMoved(draft: RecipeDraft, key: string, to: number): RecipeDraft {
  const from = draft.findIndex((entry) => entry.key === key);
  const entry = draft[from];
  if (entry === undefined) return draft;
  return draft.toSpliced(from, 1).toSpliced(Math.max(0, Math.min(draft.length - 1, to)), 0, entry);
}

/** The draft with a step changed. */
export function withChanged(draft: RecipeDraft, key: string, patch: Partial<Omit<DraftStep, 'key'>>): RecipeDraft {
  return draft.map((entry) => (entry.key === key ? { ...entry, ...patch } : entry));
}

/** The step of a kind that a task edits: the chosen one, else the last; undefined: there is none. */
export function stepToEdit(draft: RecipeDraft, kind: StepKind, chosen: string | null): DraftStep | undefined {
  const own = draft.filter((entry) => kindOf(entry.step) === kind);
  return own.find((entry) => entry.key === chosen) ?? own.at(-1);
}
