/** Pruning of single weights: what a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

const common = {
  structure: z.literal('element'),
  /** Share of the prunable weights set to zero, 0…1. */
  sparsity: z.number().min(0).max(1),
  /** Layers left alone. */
  exclude: z.array(z.string()).readonly().default([]),
};

export const elementPruning = z.discriminatedUnion('score', [
  z.strictObject({
    ...common,
    score: z.literal('magnitude'),
    /** global: one threshold over all layers; layer: the same sparsity in each. */
    scope: z.enum(['global', 'layer']).default('global'),
  }),
  z.strictObject({
    ...common,
    score: z.literal('random'),
    scope: z.enum(['global', 'layer']).default('global'),
    seed: z.number().int().min(0).default(0),
  }),
]);
export type ElementPruning = z.infer<typeof elementPruning>;

const element = { structure: ['element'] } as const;

export const elementFields: readonly StepField[] = [
  {
    key: 'sparsity',
    title: 'Sparsity',
    help: 'Share of the prunable weights that become zero.',
    flag: '--sparsity <share>',
    control: 'share',
    when: element,
    suggested: 0.5,
  },
  {
    key: 'score',
    title: 'Which go first',
    help: 'What tells how much a weight matters.',
    flag: '--score <score>',
    control: 'choice',
    when: element,
    standard: 'magnitude',
    choices: [
      { value: 'magnitude', title: 'The smallest', help: 'Weights near zero go first.' },
      { value: 'random', title: 'Any', help: 'Drawn by chance: what a good score must beat.' },
    ],
  },
  {
    key: 'scope',
    title: 'Scope',
    help: 'Where weights are compared with each other.',
    flag: '--scope <scope>',
    control: 'choice',
    when: element,
    choices: [
      { value: 'global', title: 'All layers', help: 'One threshold over all layers.' },
      { value: 'layer', title: 'Each layer', help: 'The same share in each layer.' },
    ],
  },
  {
    key: 'seed',
    title: 'Seed',
    help: 'The same seed draws the same weights.',
    flag: '--seed <n>',
    control: 'count',
    minimum: 0,
    unit: 'seeds',
    when: { ...element, score: ['random'] },
  },
];

/** "Prune 40 %", "Prune 40 % per layer", "Prune 40 % at random". */
export function elementWords({ sparsity, scope, score, exclude }: ElementPruning): string {
  const percent = Number((sparsity * 100).toFixed(1));
  const how = [score === 'random' ? ' at random' : '', scope === 'layer' ? ' per layer' : ''].join('');
  return `Prune ${percent} %${how}${exclusions(exclude)}`;
}
