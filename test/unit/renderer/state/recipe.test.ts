import { beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_DRAFT, draftOf, recipeOf, sameRecipe, withExclusion } from '../../../../renderer/state/recipe-draft.ts';
import { editPrune, editQuantize, setExcluded, useRecipe } from '../../../../renderer/state/recipe.ts';

describe('the recipe of a draft', () => {
  it('leaves out what is switched off, and prunes before it quantizes', () => {
    expect(recipeOf(EMPTY_DRAFT)).toEqual({ version: 1, steps: [] });
    const both = {
      prune: { ...EMPTY_DRAFT.prune, enabled: true },
      quantize: { ...EMPTY_DRAFT.quantize, enabled: true },
    };
    expect(recipeOf(both).steps.map((step) => Object.keys(step)[0])).toEqual(['prune', 'quantize']);
    expect(recipeOf(both).steps[0]).not.toHaveProperty('prune.enabled');
  });

  it('comes back from its recipe', () => {
    const draft = withExclusion(
      { ...EMPTY_DRAFT, prune: { ...EMPTY_DRAFT.prune, enabled: true, sparsity: 0.3 } },
      'prune',
      '/fc/Gemm',
      true,
    );
    expect(draftOf(recipeOf(draft))).toEqual(draft);
  });

  it('is the same whatever the order of its keys', () => {
    const a = { version: 1, steps: [{ prune: { ...EMPTY_DRAFT.prune } }] } as never;
    const b = {
      steps: [{ prune: Object.fromEntries(Object.entries(EMPTY_DRAFT.prune).reverse()) }],
      version: 1,
    } as never;
    expect(sameRecipe(a, b)).toBe(true);
  });
});

const sparsity = (): number => useRecipe.getState().draft.prune.sparsity;

describe('undo and redo', () => {
  beforeEach(() => useRecipe.setState({ draft: EMPTY_DRAFT, past: [], future: [], stroke: null, modelId: null }));
  const { undo, redo, settle } = useRecipe.getState();

  it('takes back edits one by one and does them again', () => {
    editPrune({ sparsity: 0.6 });
    editQuantize({ enabled: true });
    undo();
    expect(useRecipe.getState().draft.quantize.enabled).toBe(false);
    undo();
    expect(sparsity()).toBe(0.5);
    redo();
    expect(sparsity()).toBe(0.6);
  });

  it('takes a dragged slider as one edit', () => {
    for (const value of [0.51, 0.6, 0.7]) editPrune({ sparsity: value }, 'sparsity');
    settle();
    editPrune({ sparsity: 0.8 }, 'sparsity');
    undo();
    expect(sparsity()).toBe(0.7);
    undo();
    expect(sparsity()).toBe(0.5);
  });

  it('forgets what was undone when something else is edited', () => {
    editPrune({ sparsity: 0.6 });
    undo();
    setExcluded('quantize', '/conv1', true);
    redo();
    expect(sparsity()).toBe(0.5);
    expect(useRecipe.getState().draft.quantize.exclude).toEqual(['/conv1']);
  });
});
