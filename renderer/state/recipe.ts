import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { Recipe } from '../../main/contract/recipe/recipe.ts';
import { keptAs } from './persist.ts';
import {
  EMPTY_DRAFT,
  NEW_STEP,
  draftOf,
  kindOf,
  makeStep,
  placeFor,
  settingsOf,
  stepToEdit,
  withChanged,
  withMoved,
  withStep,
  withoutStep,
} from './recipe-draft.ts';
import { stepParts } from '../../main/contract/recipe/kinds.ts';
import type { ExcludingKind, StepSettings } from '../../main/contract/recipe/kinds.ts';
import type { DraftStep, RecipeDraft, StepKind } from './recipe-draft.ts';

/** Edits that undo can take back; more would only be forgotten by people too. */
const HISTORY_LIMIT = 200;
/** Models whose drafts are kept. */
const KEPT_DRAFTS = 50;

interface RecipeStore {
  readonly draft: RecipeDraft;
  readonly past: readonly RecipeDraft[];
  readonly future: readonly RecipeDraft[];
  /** Edits with the same key one after the other (a slider being dragged) are one step of undo; null: none going on. */
  readonly stroke: string | null;
  /** The step that is chosen in the list, by its key. */
  readonly chosen: string | null;
  /** The model whose draft this is. */
  readonly modelId: string | null;
  /** Drafts of other models, as they were left; the newest last. */
  readonly drafts: Readonly<Record<string, RecipeDraft>>;
  edit(draft: RecipeDraft, stroke?: string | null): void;
  choose(key: string | null): void;
  /** Ends a stroke: the slider was let go. */
  settle(): void;
  undo(): void;
  redo(): void;
  /** Turns to another model: its kept draft, no history. */
  open(modelId: string | null): void;
}

/** The recipe being edited, with undo and redo; kept for each model. */
export const useRecipe = create<RecipeStore>()(
  persist(
    (set, get) => ({
      draft: EMPTY_DRAFT,
      past: [],
      future: [],
      stroke: null,
      chosen: null,
      modelId: null,
      drafts: {},
      edit: (draft, stroke = null) => {
        const state = get();
        if (stroke !== null && stroke === state.stroke) set({ draft });
        else set({ draft, stroke, past: [...state.past, state.draft].slice(-HISTORY_LIMIT), future: [] });
      },
      choose: (chosen) => set({ chosen }),
      settle: () => set({ stroke: null }),
      undo: () => {
        const { past, draft, future } = get();
        const previous = past.at(-1);
        if (previous !== undefined)
          set({ draft: previous, past: past.slice(0, -1), future: [draft, ...future], stroke: null });
      },
      redo: () => {
        const { past, draft, future } = get();
        const next = future[0];
        if (next !== undefined) set({ draft: next, past: [...past, draft], future: future.slice(1), stroke: null });
      },
      open: (modelId) => {
        const before = get();
        if (modelId === before.modelId) return;
        const drafts = withDraft(before.drafts, before.modelId, before.draft);
        const draft = (modelId === null ? undefined : drafts[modelId]) ?? EMPTY_DRAFT;
        set({ modelId, draft, drafts, past: [], future: [], stroke: null, chosen: null });
      },
    }),
    keptAs('recipes', {
      version: 3,
      keep: ({ drafts, modelId, draft }) => ({ drafts: withDraft(drafts, modelId, draft) }),
      // Steps of version 2 lack the settings that were added since.
      migrate: ({ drafts }) => ({ drafts: withAllSettings((drafts ?? {}) as RecipeStore['drafts']) }),
    }),
  ),
);

/** The drafts with one put in as the newest; the oldest is forgotten when there are too many. */
function withDraft(drafts: RecipeStore['drafts'], modelId: string | null, draft: RecipeDraft): RecipeStore['drafts'] {
  if (modelId === null) return drafts;
  const { [modelId]: _old, ...others } = drafts;
  return Object.fromEntries([...Object.entries(others), [modelId, draft] as const].slice(-KEPT_DRAFTS));
}

function withAllSettings(drafts: RecipeStore['drafts']): RecipeStore['drafts'] {
  const whole = (draft: RecipeDraft): RecipeDraft =>
    draft.map((entry) => ({ ...entry, step: makeStep(kindOf(entry.step), stepParts(entry.step).settings) }));
  return Object.fromEntries(Object.entries(drafts).map(([model, draft]) => [model, whole(draft)]));
}

/** The step of a kind that a task edits, or undefined. */
export function useEditedStep(kind: StepKind): DraftStep | undefined {
  return useRecipe(({ draft, chosen }) => stepToEdit(draft, kind, chosen));
}

/** Puts a step of a kind in where it belongs and chooses it. */
export function addStep<K extends StepKind>(kind: K, settings: Partial<StepSettings[K]> = {}, off = false): void {
  const { draft, edit, choose } = useRecipe.getState();
  const at = placeFor(draft, kind);
  const next = withStep(draft, makeStep(kind, NEW_STEP[kind], settings), at, off);
  edit(next);
  choose(next[at]?.key ?? null);
}

/** Takes a step out; its neighbour is chosen. */
export function removeStep(key: string): void {
  const { draft, edit, choose, chosen } = useRecipe.getState();
  const at = draft.findIndex((entry) => entry.key === key);
  const next = withoutStep(draft, key);
  edit(next);
  if (chosen === key) choose((next[at] ?? next[at - 1])?.key ?? null);
}

/** Puts a copy of a step after it. */
export function copyStep(key: string): void {
  const { draft, edit, choose } = useRecipe.getState();
  const at = draft.findIndex((entry) => entry.key === key);
  const entry = draft[at];
  if (entry === undefined) return;
  const next = withStep(draft, entry.step, at + 1, entry.off);
  edit(next);
  choose(next[at + 1]?.key ?? null);
}

/** Moves a step to a place of the list. */
export function moveStep(key: string, to: number): void {
  const { draft, edit } = useRecipe.getState();
  const next = withMoved(draft, key, to);
  if (next.some((entry, index) => entry !== draft[index])) edit(next);
}

/** Switches a step off, or on again. */
export function switchStep(key: string, off: boolean): void {
  const { draft, edit } = useRecipe.getState();
  edit(withChanged(draft, key, { off }));
}

/** Changes settings of a step; `stroke` names a slider being dragged. */
export function changeStep<K extends StepKind>(
  entry: DraftStep,
  kind: K,
  patch: Partial<StepSettings[K]>,
  stroke?: string,
): void {
  const { draft, edit } = useRecipe.getState();
  const settings = settingsOf(entry, kind);
  if (settings === null) return;
  const step = makeStep(kind, settings, patch);
  edit(withChanged(draft, entry.key, { step }), stroke === undefined ? null : `${entry.key}.${stroke}`);
}

/**
 * Changes settings of the step of a kind that is edited, or makes that step. `off` switches it; `stroke` names a slider
 * being dragged.
 */
export function editKind<K extends StepKind>(
  kind: K,
  patch: Partial<StepSettings[K]> & { readonly off?: boolean },
  stroke?: string,
): void {
  const { off, ...settings } = patch;
  const { draft, chosen, edit } = useRecipe.getState();
  const entry = stepToEdit(draft, kind, chosen);
  const own = settingsOf(entry, kind);
  if (entry === undefined || own === null) {
    addStep(kind, settings as Partial<StepSettings[K]>, off ?? false);
    if (stroke !== undefined) useRecipe.setState({ stroke });
    return;
  }
  const step = makeStep(kind, own, settings);
  edit(withChanged(draft, entry.key, { step, off: off ?? entry.off }), stroke);
}

const NO_LAYERS: readonly string[] = [];

/** Layers left out by the step of a kind that is edited. */
export function excludedBy(draft: RecipeDraft, kind: ExcludingKind, chosen: string | null): readonly string[] {
  return settingsOf(stepToEdit(draft, kind, chosen), kind)?.exclude ?? NO_LAYERS;
}

/**
 * Leaves layers out of the edited step of a kind, or takes them back in. Where there is no such step it is made, switched
 * off: the choice is kept until the step is wanted.
 */
export function setExcluded(kind: ExcludingKind, layers: readonly string[], excluded: boolean): void {
  const { draft, chosen } = useRecipe.getState();
  const others = excludedBy(draft, kind, chosen).filter((name) => !layers.includes(name));
  const exclude = excluded ? [...others, ...layers] : others;
  const off = stepToEdit(draft, kind, chosen)?.off ?? true;
  if (kind === 'prune') editKind('prune', { exclude, off });
  else editKind('quantize', { exclude, off });
}

/** Takes over the recipe of a trial, all its steps, as the one to edit. */
export function loadRecipe(recipe: Recipe): void {
  const { edit, choose } = useRecipe.getState();
  const draft = draftOf(recipe);
  edit(draft);
  choose(draft.at(-1)?.key ?? null);
}

/** Whether a step of a kind is in the recipe and switched on. */
export function hasStep(draft: RecipeDraft, kind: StepKind): boolean {
  return draft.some((entry) => !entry.off && kindOf(entry.step) === kind);
}
