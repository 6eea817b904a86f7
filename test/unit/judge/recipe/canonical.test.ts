import { describe, expect, it } from 'vitest';
import { recipeSchema, type Recipe } from '../../../../main/contract/recipe/recipe.ts';
import { canonicalRecipe, sameRecipe } from '../../../../main/judge/recipe/canonical.ts';
import { describeRecipe, orderProblems } from '../../../../main/judge/recipe/words.ts';

const parse = (...steps: object[]): Recipe => recipeSchema.parse({ version: 2, steps });

describe('a recipe in canonical form', () => {
  it('is without what equals its default, and without the order of keys', () => {
    expect(canonicalRecipe(parse({ prune: { sparsity: 0.4 } }))).toBe('[["prune",[["sparsity",0.4]]]]');
    const written = { exclude: [], sparsity: 0.4, scope: 'global', structure: 'element' };
    expect(canonicalRecipe(parse({ prune: written }))).toBe(canonicalRecipe(parse({ prune: { sparsity: 0.4 } })));
  });

  it('is without settings at their defaults, whatever others they hang on', () => {
    const pattern = { structure: '2:4', score: 'sparsegpt', samples: 128, exclude: [] };
    expect(canonicalRecipe(parse({ prune: pattern }))).toBe('[["prune",[["score","sparsegpt"],["structure","2:4"]]]]');
    const drawn = { sparsity: 0.4, score: 'random', scope: 'global', block: '1x1', seed: 0 };
    expect(canonicalRecipe(parse({ prune: drawn }))).toBe('[["prune",[["score","random"],["sparsity",0.4]]]]');
  });

  it('keeps every step in its order', () => {
    const [a, b, c] = [0.1, 0.4, 0.99].map((sparsity) => ({ prune: { sparsity } }));
    expect(canonicalRecipe(parse(a!, b!, c!))).toBe(
      '[["prune",[["sparsity",0.1]]],["prune",[["sparsity",0.4]]],["prune",[["sparsity",0.99]]]]',
    );
    expect(canonicalRecipe(parse(a!, b!))).not.toBe(canonicalRecipe(parse(b!, a!)));
  });

  it('has no steps that are switched off', () => {
    const off = parse({ prune: { sparsity: 0.4 }, off: true }, { quantize: {} });
    expect(canonicalRecipe(off)).toBe('[["quantize",[]]]');
  });

  it('of the static int8 of earlier versions is what it was', () => {
    const old = { calibrator: 'minmax', perChannel: true, reduceRange: false, samples: 64, exclude: ['a'] };
    expect(canonicalRecipe(parse({ quantize: { scheme: 'int8-static', ...old } }))).toBe(
      '[["quantize",[["exclude",["a"]],["reduceRange",false],["samples",64]]]]',
    );
  });

  it('is the same whatever order layers are named in', () => {
    const one = parse({ quantize: { layers: { b: 'float', a: 'int8-7bit' } } });
    expect(canonicalRecipe(one)).toBe('[["quantize",[["layers",{"a":"int8-7bit","b":"float"}]]]]');
    expect(canonicalRecipe(parse({ quantize: { layers: {} } }))).toBe('[["quantize",[]]]');
  });

  it('reads "auto" as what it means on this machine', () => {
    const auto = parse({ quantize: {} });
    expect(sameRecipe(auto, parse({ quantize: { reduceRange: true } }), { vnni: false })).toBe(true);
    expect(sameRecipe(auto, parse({ quantize: { reduceRange: true } }), { vnni: true })).toBe(false);
  });

  it('is the same before and after it was measured which layers int8 makes slower', () => {
    const open = parse({ quantize: { speed: 'measured' } });
    const found = parse({ quantize: { speed: 'measured', slow: ['a'] } });
    expect(sameRecipe(open, found, { vnni: true })).toBe(true);
    expect(sameRecipe(found, parse({ quantize: { speed: 'measured', slow: ['b'] } }), { vnni: true })).toBe(false);
    expect(sameRecipe(parse({ quantize: {} }), found, { vnni: true })).toBe(false);
  });
});

describe('a training', () => {
  it('is the same recipe before and after its learning rate was found', () => {
    const trained = { distill: { rate: 0.00155, augment: 'flip' } };
    expect(sameRecipe(parse(trained), parse({ distill: {} }), { vnni: true })).toBe(true);
    expect(sameRecipe(parse(trained), parse({ distill: { rate: 0.001 } }), { vnni: true })).toBe(false);
    expect(sameRecipe(parse(trained), parse({ distill: { augment: 'none' } }), { vnni: true })).toBe(false);
  });
});

describe('widths for a latency', () => {
  it('are the same recipe before and after they were timed', () => {
    const step = { structure: 'channel', score: 'l2', target: { latency: 0.5 } };
    const open = parse({ prune: step });
    const found = parse({ prune: { ...step, widths: { a: 8 } } });
    expect(sameRecipe(open, found, { vnni: true })).toBe(true);
    expect(sameRecipe(found, parse({ prune: { ...step, widths: { a: 16 } } }), { vnni: true })).toBe(false);
    const byWork = { ...step, target: { macs: 0.5 } };
    expect(sameRecipe(parse({ prune: byWork }), parse({ prune: { ...byWork, widths: { a: 8 } } }), { vnni: true })).toBe(false); // prettier-ignore
  });

  it('are ranks where layers become two', () => {
    const step = { structure: 'rank', target: { latency: 0.7 } };
    const found = parse({ prune: { ...step, ranks: { a: 8 } } });
    expect(sameRecipe(parse({ prune: step }), found, { vnni: true })).toBe(true);
    expect(sameRecipe(found, parse({ prune: { ...step, ranks: { a: 16 } } }), { vnni: true })).toBe(false);
  });
});

describe('version 1', () => {
  it('is read as what it means: the score of single weights meant nothing', () => {
    const old = { version: 1, steps: [{ prune: { structure: 'element', score: 'l2', sparsity: 0.4 } }] };
    expect(recipeSchema.parse(old)).toEqual(parse({ prune: { sparsity: 0.4 } }));
  });

  it('knows no steps of later kinds', () => {
    expect(recipeSchema.safeParse({ version: 1, steps: [{ rewrite: { pass: 'fold-constants' } }] }).success).toBe(
      false,
    );
  });
});

describe('words', () => {
  it('name the steps that are switched on', () => {
    const recipe = parse({ prune: { sparsity: 0.4, exclude: ['a'] } }, { rewrite: { pass: 'remove-dead' }, off: true });
    expect(describeRecipe(recipe)).toBe('Prune 40 % (1 excluded)');
    expect(describeRecipe(parse({ quantize: { perChannel: false } }))).toBe('int8 per tensor');
    expect(describeRecipe(parse())).toBe('Baseline');
  });

  it('say which step stands where it cannot work', () => {
    const wrong = parse({ quantize: {} }, { prune: { sparsity: 0.1 } });
    expect([...orderProblems(wrong).keys()]).toEqual([1]);
    expect(orderProblems(parse({ quantize: {}, off: true }, { prune: { sparsity: 0.1 } })).size).toBe(0);
  });
});
