import { beforeEach, describe, expect, it } from 'vitest';
import type { PruneStep } from '../../../../main/contract/recipe/prune.ts';
import { pruneStep } from '../../../support/recipes.ts';
import type { Recipe, RecipeStep } from '../../../../main/contract/recipe/recipe.ts';
import type { RecipeDraft } from '../../../../renderer/state/recipe-draft.ts';
import {
  EMPTY_DRAFT,
  NEW_STEP,
  draftOf,
  placeFor,
  recipeOf,
  settingsOf,
  stepToEdit,
  wholeRecipe,
  withChanged,
  withMoved,
} from '../../../../renderer/state/recipe-draft.ts';
import {
  addStep,
  copyStep,
  editKind,
  excludedBy,
  loadRecipe,
  moveStep,
  removeStep,
  setExcluded,
  switchStep,
  useRecipe,
} from '../../../../renderer/state/recipe.ts';

const prune = (sparsity: number): RecipeStep => ({ prune: pruneStep({ sparsity }) });
const int8: RecipeStep = { quantize: NEW_STEP.quantize };
const recipe = (...steps: RecipeStep[]): Recipe => ({ ...recipeOf(EMPTY_DRAFT), steps });

const sparsityIn = (step: PruneStep): number => ('sparsity' in step ? step.sparsity : NaN);

/** What the steps of the draft do, in order: "prune 0.4", "quantize". */
function told(): string[] {
  return useRecipe
    .getState()
    .draft.map(
      ({ step, off }) => `${'prune' in step ? `prune ${sparsityIn(step.prune)}` : 'quantize'}${off ? ' off' : ''}`,
    );
}

beforeEach(() => {
  useRecipe.setState({
    draft: EMPTY_DRAFT,
    past: [],
    future: [],
    stroke: null,
    modelId: null,
    chosen: null,
    drafts: {},
  });
});

describe('the draft', () => {
  it('shows every step of a recipe, in its order', () => {
    const three = recipe(prune(0.1), prune(0.4), prune(0.99));
    expect(recipeOf(draftOf(three))).toEqual(three);
    const turned = recipe(int8, prune(0.4));
    expect(recipeOf(draftOf(turned))).toEqual(turned);
  });

  it('leaves out what is switched off and keeps its settings', () => {
    const draft = draftOf(recipe(prune(0.4), int8));
    const without = withChanged(draft, draft[0]!.key, { off: true });
    expect(recipeOf(without)).toEqual(recipe(int8));
    expect(recipeOf(withChanged(without, draft[0]!.key, { off: false }))).toEqual(recipe(prune(0.4), int8));
  });

  it('keeps steps that a recipe has switched off, and marks them for what is said of the order', () => {
    const kept = recipe({ ...prune(0.4), off: true }, int8);
    expect(recipeOf(draftOf(kept))).toEqual(recipe(int8));
    expect(wholeRecipe(draftOf(kept))).toEqual(kept);
  });

  it('moves steps within the list only', () => {
    const draft = draftOf(recipe(prune(0.1), prune(0.2), int8));
    const [first, second, third] = draft;
    expect(withMoved(draft, third!.key, 0)).toEqual([third, first, second]);
    expect(withMoved(draft, first!.key, 99)).toEqual([second, third, first]);
    expect(withMoved(draft, first!.key, -1)).toEqual(draft);
  });

  it('is edited by a task at the chosen step of its kind, else at the last', () => {
    const draft = draftOf(recipe(prune(0.1), prune(0.2), int8));
    const [first, second, third] = draft;
    expect(stepToEdit(draft, 'prune', null)).toBe(second);
    expect(stepToEdit(draft, 'prune', first!.key)).toBe(first);
    expect(stepToEdit(draft, 'prune', third!.key)).toBe(second);
    expect(stepToEdit(EMPTY_DRAFT, 'prune', null)).toBeUndefined();
  });

  it('takes a new cut before the first quantization', () => {
    expect(placeFor(draftOf(recipe(prune(0.1), int8)), 'prune')).toBe(1);
    expect(placeFor(draftOf(recipe(prune(0.1), int8)), 'quantize')).toBe(2);
  });
});

describe('editing the list', () => {
  it('adds, copies, switches, moves and removes steps, and takes each back', () => {
    addStep('quantize');
    addStep('prune', { sparsity: 0.3 });
    expect(told()).toEqual(['prune 0.3', 'quantize']);
    copyStep(useRecipe.getState().draft[0]!.key);
    editKind('prune', { sparsity: 0.6 });
    expect(told()).toEqual(['prune 0.3', 'prune 0.6', 'quantize']);
    moveStep(useRecipe.getState().draft[2]!.key, 0);
    switchStep(useRecipe.getState().draft[1]!.key, true);
    expect(told()).toEqual(['quantize', 'prune 0.3 off', 'prune 0.6']);
    removeStep(useRecipe.getState().draft[0]!.key);
    expect(told()).toEqual(['prune 0.3 off', 'prune 0.6']);
    for (let edits = useRecipe.getState().past.length; edits > 0; edits -= 1) useRecipe.getState().undo();
    expect(told()).toEqual([]);
    for (let edits = useRecipe.getState().future.length; edits > 0; edits -= 1) useRecipe.getState().redo();
    expect(told()).toEqual(['prune 0.3 off', 'prune 0.6']);
  });

  it('changes the chosen step of several', () => {
    loadRecipe(recipe(prune(0.1), prune(0.4)));
    useRecipe.getState().choose(useRecipe.getState().draft[0]!.key);
    editKind('prune', { sparsity: 0.2 });
    expect(told()).toEqual(['prune 0.2', 'prune 0.4']);
  });

  it('makes the step that a task sets for the first time, and takes a dragged slider as one edit', () => {
    for (const sparsity of [0.51, 0.6, 0.7]) editKind('prune', { sparsity, off: false }, 'sparsity');
    useRecipe.getState().settle();
    editKind('prune', { sparsity: 0.8 }, 'sparsity');
    expect(told()).toEqual(['prune 0.8']);
    useRecipe.getState().undo();
    expect(told()).toEqual(['prune 0.7']);
    useRecipe.getState().undo();
    expect(told()).toEqual([]);
  });

  it('has the settings that a choice brings with it, and none that it leaves without effect', () => {
    editKind('prune', { sparsity: 0.6, off: false });
    editKind('prune', { score: 'random' });
    const random = settingsOf(useRecipe.getState().draft[0], 'prune');
    expect(random).toMatchObject({ score: 'random', seed: 0, sparsity: 0.6 });
    editKind('prune', { score: 'magnitude' });
    expect(settingsOf(useRecipe.getState().draft[0], 'prune')).not.toHaveProperty('seed');
  });

  it('carries a choice over to another structure only where it means the same', () => {
    const pruned = (): unknown => settingsOf(useRecipe.getState().draft[0], 'prune');
    editKind('prune', { structure: 'channel' });
    expect(pruned()).toMatchObject({ structure: 'channel', scope: 'uniform', score: 'l2' });
    editKind('prune', { scope: 'global' });
    editKind('prune', { score: 'l1' });
    expect(pruned()).toMatchObject({ score: 'l1', scope: 'global' });
    editKind('prune', { structure: 'element', scope: 'layer', score: 'random' });
    editKind('prune', { score: 'magnitude' });
    expect(pruned()).toMatchObject({ score: 'magnitude', scope: 'layer' });
  });

  it('takes up drafts that an older version kept without settings that there are now', () => {
    const kept = { structure: 'element', scope: 'layer', sparsity: 0.3, exclude: ['a'] };
    const migrate = useRecipe.persist.getOptions().migrate!;
    const state = migrate({ drafts: { m: [{ key: '1', off: true, step: { prune: kept } }] } }, 2) as {
      readonly drafts: Record<string, RecipeDraft>;
    };
    expect(state.drafts['m']).toEqual([
      { key: '1', off: true, step: { prune: { ...kept, score: 'magnitude', block: '1x1' } } },
    ]);
  });

  it('forgets what was undone when something else is edited', () => {
    editKind('prune', { sparsity: 0.6 });
    useRecipe.getState().undo();
    setExcluded('quantize', ['/conv1'], true);
    useRecipe.getState().redo();
    expect(told()).toEqual(['quantize off']);
  });

  it('keeps an exclusion before the step is wanted, and leaves a step that is on on', () => {
    setExcluded('quantize', ['/conv1', '/conv2'], true);
    const { draft } = useRecipe.getState();
    expect(recipeOf(draft).steps).toEqual([]);
    expect(excludedBy(draft, 'quantize', null)).toEqual(['/conv1', '/conv2']);
    editKind('quantize', { off: false });
    setExcluded('quantize', ['/conv1'], false);
    expect(told()).toEqual(['quantize']);
    expect(settingsOf(useRecipe.getState().draft[0], 'quantize')?.exclude).toEqual(['/conv2']);
  });

  it('keeps a draft for each model', () => {
    useRecipe.getState().open('a');
    addStep('prune', { sparsity: 0.3 });
    useRecipe.getState().open('b');
    expect(told()).toEqual([]);
    useRecipe.getState().open('a');
    expect(told()).toEqual(['prune 0.3']);
  });
});
