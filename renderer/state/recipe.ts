import { create } from 'zustand';
import type { Recipe } from '../../main/contract/recipe.ts';
import { keep, readKept } from './persist.ts';
import { EMPTY_DRAFT, draftOf, withExclusion } from './recipe-draft.ts';
import type { RecipeDraft } from './recipe-draft.ts';

/** Edits that undo can take back; more would only be forgotten by people too. */
const HISTORY_LIMIT = 200;

interface RecipeStore {
  readonly draft: RecipeDraft;
  readonly past: readonly RecipeDraft[];
  readonly future: readonly RecipeDraft[];
  /** Edits with the same key one after the other (a slider being dragged) are one step of undo; null: none going on. */
  readonly stroke: string | null;
  /** The model whose draft this is. */
  readonly modelId: string | null;
  edit(draft: RecipeDraft, stroke?: string | null): void;
  /** Ends a stroke: the slider was let go. */
  settle(): void;
  undo(): void;
  redo(): void;
  /** Turns to another model: its kept draft, no history. */
  open(modelId: string | null): void;
}

/** The recipe being edited, with undo and redo; kept for each model. */
export const useRecipe = create<RecipeStore>((set, get) => ({
  draft: EMPTY_DRAFT,
  past: [],
  future: [],
  stroke: null,
  modelId: null,
  edit: (draft, stroke = null) => {
    const state = get();
    if (stroke !== null && stroke === state.stroke) set({ draft });
    else set({ draft, stroke, past: [...state.past, state.draft].slice(-HISTORY_LIMIT), future: [] });
  },
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
    if (modelId === get().modelId) return;
    const draft = modelId === null ? EMPTY_DRAFT : readKept(keyOf(modelId), EMPTY_DRAFT);
    set({ modelId, draft, past: [], future: [], stroke: null });
  },
}));

useRecipe.subscribe(({ modelId, draft }, before) => {
  if (modelId !== null && draft !== before.draft) keep(keyOf(modelId), draft);
});

/** Changes settings of the pruning cut; `stroke` names a slider being dragged. */
export function editPrune(patch: Partial<RecipeDraft['prune']>, stroke?: string): void {
  const { draft, edit } = useRecipe.getState();
  edit({ ...draft, prune: { ...draft.prune, ...patch } }, stroke);
}

/** Changes settings of the quantization cut. */
export function editQuantize(patch: Partial<RecipeDraft['quantize']>, stroke?: string): void {
  const { draft, edit } = useRecipe.getState();
  edit({ ...draft, quantize: { ...draft.quantize, ...patch } }, stroke);
}

/** Leaves a layer out of a cut, or takes it back in. */
export function setExcluded(cut: 'prune' | 'quantize', layer: string, excluded: boolean): void {
  const { draft, edit } = useRecipe.getState();
  edit(withExclusion(draft, cut, layer, excluded));
}

/** Takes over the recipe of a trial as the one to edit. */
export function loadRecipe(recipe: Recipe): void {
  const { draft, edit } = useRecipe.getState();
  edit(draftOf(recipe, draft));
}

function keyOf(modelId: string): string {
  return `recipe.${modelId.slice(0, 16)}`;
}
