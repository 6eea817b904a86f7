/** Pruning of single weights, blocks of them, and patterns among them: what a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

const exclude = z.array(z.string()).readonly().default([]);
const seed = z.number().int().min(0).default(0);
/** Calibration samples taken from the start of the data. */
const samples = z.number().int().positive().default(128);

const BLOCKS = ['1x1', '1x4', '1x16', '4x1', '16x1', '4x4', '16x16'] as const;

const elements = {
  structure: z.literal('element'),
  /** Share of the prunable weights (of the blocks, where these go as one) set to zero, 0…1. */
  sparsity: z.number().min(0).max(1),
  /** Rows × columns of the weight matrix that stay or go as one; a row is one output. */
  block: z.enum(BLOCKS).default('1x1'),
  exclude,
};

/** So many of each group of neighbouring input channels stay. */
const pattern = { structure: z.enum(['2:4', '4:8']), exclude };

export const elementPruning = z.discriminatedUnion('score', [
  z.strictObject({
    ...elements,
    score: z.literal('magnitude'),
    /** global: one threshold over all layers; layer: the same sparsity in each; lamp: one threshold of LAMP scores. */
    scope: z.enum(['global', 'layer', 'lamp']).default('global'),
  }),
  z.strictObject({
    ...elements,
    score: z.literal('random'),
    scope: z.enum(['global', 'layer']).default('global'),
    seed,
  }),
  z.strictObject({ ...elements, score: z.enum(['wanda', 'sparsegpt']), samples }),
]);

export const patternPruning = z.discriminatedUnion('score', [
  z.strictObject({ ...pattern, score: z.literal('magnitude') }),
  z.strictObject({ ...pattern, score: z.literal('random'), seed }),
  z.strictObject({ ...pattern, score: z.enum(['wanda', 'sparsegpt']), samples }),
]);

/** Settings of a step that sets weights to zero and removes nothing. */
export type ElementStep = z.infer<typeof elementPruning> | z.infer<typeof patternPruning>;

const element = { structure: ['element'] } as const;
const either = { structure: ['element', '2:4', '4:8'] } as const;

const GLOBAL = { value: 'global', title: 'All layers', help: 'One threshold over all layers.' };
const LAYER = { value: 'layer', title: 'Each layer', help: 'The same share in each layer.' };

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
    title: 'Score',
    help: 'What tells how much a weight matters: those that matter least go first.',
    flag: '--score <score>',
    control: 'choice',
    when: either,
    standard: 'magnitude',
    choices: [
      { value: 'magnitude', title: 'Magnitude', help: 'Weights near zero go first.' },
      {
        value: 'wanda',
        title: 'Wanda',
        help: 'Weights times the size of their inputs on calibration data; the same share of each output.',
      },
      {
        value: 'sparsegpt',
        title: 'SparseGPT',
        help: 'Chosen and made up for by the weights that stay, from what inputs have to do with each other.',
      },
      { value: 'random', title: 'Random', help: 'Drawn by chance: what a good score must beat.' },
    ],
  },
  {
    key: 'scope',
    title: 'Scope',
    help: 'Where weights are compared with each other.',
    flag: '--scope <scope>',
    control: 'choice',
    when: { ...element, score: ['magnitude'] },
    choices: [
      GLOBAL,
      LAYER,
      {
        value: 'lamp',
        title: 'LAMP',
        help: 'Weights are compared by their share of what is left of their layer, so that none is emptied.',
      },
    ],
  },
  {
    key: 'scope',
    title: 'Scope',
    help: 'Where weights are compared with each other.',
    flag: '--scope <scope>',
    control: 'choice',
    when: { ...element, score: ['random'] },
    choices: [GLOBAL, LAYER],
  },
  {
    key: 'block',
    title: 'Block',
    help: 'Weights that stay or go as one: outputs × inputs of the weight matrix.',
    flag: '--block <rows x columns>',
    control: 'choice',
    when: element,
    choices: BLOCKS.map((value) => ({
      value,
      title: value === '1x1' ? 'Single' : value.replace('x', ' × '),
      help: value === '1x1' ? 'Each weight for itself.' : `${value.replace('x', ' outputs × ')} inputs as one.`,
    })),
  },
  {
    key: 'samples',
    title: 'Calibration samples',
    help: 'How many samples tell what the inputs are like, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
    when: { ...either, score: ['wanda', 'sparsegpt'] },
  },
  {
    key: 'seed',
    title: 'Seed',
    help: 'The same seed draws the same weights.',
    flag: '--seed <n>',
    control: 'count',
    minimum: 0,
    unit: 'seeds',
    when: { ...either, score: ['random'] },
  },
];

/** What is removed, among the other structures. */
export const elementStructures = [
  {
    value: 'element',
    title: 'Single weights',
    help: 'Single weights become zero: smaller when compressed, not faster on ordinary CPUs.',
  },
  {
    value: '2:4',
    title: '2 of 4 weights',
    help: 'Of 4 neighbouring inputs 2 stay: what sparse tensor cores take, not faster on ordinary CPUs.',
  },
  {
    value: '4:8',
    title: '4 of 8 weights',
    help: 'Of 8 neighbouring inputs 4 stay: freer than 2 of 4, not faster on ordinary CPUs.',
  },
] as const;

const SCORES: Readonly<Record<ElementStep['score'], string>> = {
  magnitude: '',
  random: ' at random',
  wanda: ' by Wanda',
  sparsegpt: ' by SparseGPT',
};

const SCOPES = { global: '', layer: ' per layer', lamp: ' by LAMP' } as const;

/** "Prune 40 %", "Prune 40 % per layer in 4x1", "Prune 2:4 by Wanda". */
export function elementWords(step: ElementStep): string {
  const score = SCORES[step.score];
  if (step.structure !== 'element') return `Prune ${step.structure}${score}${exclusions(step.exclude)}`;
  const percent = Number((step.sparsity * 100).toFixed(1));
  const scope = 'scope' in step ? SCOPES[step.scope] : '';
  const block = step.block === '1x1' ? '' : ` in ${step.block}`;
  return `Prune ${percent} %${score}${scope}${block}${exclusions(step.exclude)}`;
}

/** A step whose scores are taken from data. */
export type CalibratedElementStep = Extract<ElementStep, { readonly samples: number }>;

/** Whether the scores of a step are taken from data. */
export function isCalibrated(step: ElementStep): step is CalibratedElementStep {
  return 'samples' in step;
}
