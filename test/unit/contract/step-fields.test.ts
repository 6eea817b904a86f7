import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { STEP_KINDS } from '../../../main/contract/recipe/kinds.ts';
import { channelFields, channelPruning, channelWords } from '../../../main/contract/recipe/prune-channels.ts';
import { pruneKind, pruneStepSchema } from '../../../main/contract/recipe/prune.ts';
import { recipeSchema } from '../../../main/contract/recipe/recipe.ts';
import { adjustSettings, conditionalSettings, effectiveFields } from '../../../main/contract/recipe/step-fields.ts';
import type { StepField } from '../../../main/contract/recipe/step-kind.ts';

const channels = {
  fields: [structureOf('channel'), ...channelFields],
  schema: conditionalSettings([structureOf('channel'), ...channelFields], channelPruning),
};

function structureOf(standard: string): StepField {
  return { ...pruneKind.fields[0]!, control: 'choice', standard, choices: [{ value: standard, title: '', help: '' }] };
}

/** Every combination of the choices that fields offer, with what they must say. */
function combinations(fields: readonly StepField[]): Record<string, unknown>[] {
  let all: Record<string, unknown>[] = [{}];
  for (const field of fields) {
    all = all.flatMap((settings) => {
      if (!effectiveFields(fields, settings).includes(field)) return [settings];
      if (field.control === 'choice') return field.choices.map(({ value }) => ({ ...settings, [field.key]: value }));
      return [field.suggested === undefined ? settings : { ...settings, [field.key]: field.suggested }];
    });
  }
  return all;
}

describe('the fields of a kind of step', () => {
  it.each([...STEP_KINDS, { kind: 'channels', ...channels }])('$kind: are exactly its settings', (kind) => {
    const met = combinations(kind.fields);
    expect(met.length).toBeGreaterThan(0);
    for (const settings of met) {
      const parsed = kind.schema.parse(settings) as Record<string, unknown>;
      const keys = new Set([
        ...effectiveFields(kind.fields, settings).map(({ key }) => key),
        ...('exclude' in parsed ? ['exclude'] : []),
      ]);
      expect(new Set(Object.keys(parsed))).toEqual(keys);
      expect(parsed).toMatchObject(settings);
    }
  });

  it.each(STEP_KINDS)('$kind: say the same as the schema of what is left out', ({ fields, schema, initial }) => {
    const needed = Object.fromEntries(
      effectiveFields(fields, {}).flatMap(({ key, suggested, offered }) =>
        suggested === undefined && offered === undefined ? [] : [[key, suggested ?? offered]],
      ),
    );
    expect(schema.parse(needed)).toEqual(initial);
  });
});

describe('a schema with conditions', () => {
  it('refuses a setting without effect, beside what it has none', () => {
    const { error } = pruneStepSchema.safeParse({ sparsity: 0.5, seed: 1 });
    expect(error?.issues).toMatchObject([
      { path: ['seed'], message: 'has no effect beside structure element, score magnitude' },
    ]);
    expect(pruneStepSchema.parse({ sparsity: 0.5, score: 'random' })).toMatchObject({ seed: 0 });
  });

  it('takes exactly one target', () => {
    const parse = (target: object): boolean => channels.schema.safeParse({ structure: 'channel', target }).success;
    expect([parse({ macs: 0.5 }), parse({ latency: 0.7 })]).toEqual([true, true]);
    expect([parse({}), parse({ macs: 0.5, bytes: 0.5 }), parse({ macs: 1 })]).toEqual([false, false, false]);
    expect(channelWords(channelPruning.parse({ structure: 'channel', score: 'fpgm', target: { macs: 0.5 } }))).toBe(
      'Channels to 50 % MACs, fpgm',
    );
  });
});

describe('adjusted settings', () => {
  it('lose what has no effect, and get what is missing', () => {
    const random = { ...pruneKind.initial, score: 'random', sparsity: 0.3 };
    expect(adjustSettings(pruneKind, random)).toEqual({
      structure: 'element',
      sparsity: 0.3,
      score: 'random',
      scope: 'global',
      block: '1x1',
      seed: 0,
      exclude: [],
    });
    expect(adjustSettings(pruneKind, { ...random, score: 'magnitude', seed: 4 })).not.toHaveProperty('seed');
  });

  it('take the standard where a choice is not possible', () => {
    const other = { structure: 'channel', score: 'magnitude', scope: 'layer', sparsity: 0.3, exclude: ['a'] };
    expect(
      adjustSettings({ ...channels, fields: [...channels.fields, pruneKind.fields.at(-1)!] }, other),
    ).toMatchObject({
      structure: 'channel',
      score: 'l2',
      scope: 'uniform',
      target: { macs: 0.5 },
      exclude: ['a'],
    });
  });
});

describe('what is wrong with a recipe', () => {
  const problem = (step: object): string =>
    z.prettifyError(recipeSchema.safeParse({ version: 2, steps: [step] }).error!);

  it('is told of the step that was meant', () => {
    expect(problem({ prune: { sparsity: 2 } })).toMatch(/Too big.*\n.*steps\[0\].prune.sparsity/u);
    expect(problem({ prune: { sparsity: 0.5, seed: 1 } })).toContain('prune.seed: has no effect beside');
    expect(problem({ polish: {} })).toContain(
      'Expected one of the kinds of step: prune, repair, equalize, distill, quantize, rewrite',
    );
  });
});
