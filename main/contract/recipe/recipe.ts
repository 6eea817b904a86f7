/** The recipe format, version 2: an ordered list of steps that turns a model into another. No paths inside. */
import { z } from 'zod';
import { equalizeStepSchema } from './equalize.ts';
import { distillStepSchema } from './distill.ts';
import { pruneStepSchema } from './prune.ts';
import { quantizeStepSchema } from './quantize.ts';
import { repairStepSchema } from './repair.ts';
import { rewriteStepSchema } from './rewrite.ts';

/** A step that is switched off stays in the recipe and is not applied; it is no part of what the recipe means. */
const off = z.literal(true).optional();

const stepSchemas = [
  z.strictObject({ prune: pruneStepSchema, off }),
  z.strictObject({ repair: repairStepSchema, off }),
  z.strictObject({ equalize: equalizeStepSchema, off }),
  z.strictObject({ distill: distillStepSchema, off }),
  z.strictObject({ quantize: quantizeStepSchema, off }),
  z.strictObject({ rewrite: rewriteStepSchema, off }),
] as const;

export const recipeStepSchema = z.union(stepSchemas, { error: ({ input }) => problemOf(input) });
export type RecipeStep = z.infer<typeof recipeStepSchema>;

/** What is wrong with a step, by the kind that it names. */
function problemOf(step: unknown): string {
  const [kind = '', ...others] = Object.keys(typeof step === 'object' && step !== null ? step : {}).filter(
    (key) => key !== 'off',
  );
  const schema = stepSchemas.find(({ shape }) => others.length === 0 && kind in shape);
  if (schema === undefined) {
    const kinds = stepSchemas.flatMap(({ shape }) => Object.keys(shape).filter((key) => key !== 'off'));
    return `Expected one of the kinds of step: ${kinds.join(', ')}`;
  }
  const issues = schema.safeParse(step).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

const version2 = z.strictObject({ version: z.literal(2), steps: z.array(recipeStepSchema).readonly().default([]) });

/** Version 1 knew two kinds, and a score that changed nothing. */
const version1 = z.strictObject({
  version: z.literal(1),
  steps: z
    .array(
      z.union([
        z.strictObject({
          prune: z.strictObject({
            structure: z.literal('element').default('element'),
            score: z.enum(['l1', 'l2']).optional(),
            scope: z.enum(['global', 'layer']).default('global'),
            sparsity: z.number().min(0).max(1),
            exclude: z.array(z.string()).readonly().default([]),
          }),
        }),
        z.strictObject({ quantize: quantizeStepSchema }),
      ]),
    )
    .readonly()
    .default([]),
});

/** Reads version 2, and version 1 as what it means today. */
export const recipeSchema = z.discriminatedUnion('version', [version2, version1]).transform((recipe): Recipe => {
  if (recipe.version === 2) return recipe;
  const steps = recipe.steps.map((step): RecipeStep => {
    if ('quantize' in step) return step;
    return { prune: { ...step.prune, score: 'magnitude', block: '1x1' } };
  });
  return { version: 2, steps };
});

export interface Recipe {
  readonly version: 2;
  readonly steps: readonly RecipeStep[];
}

/** The recipe that changes nothing. */
export const EMPTY_RECIPE: Recipe = { version: 2, steps: [] };
