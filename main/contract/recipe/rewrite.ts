import { z } from 'zod';
import { conditionalSettings } from './step-fields.ts';
import { defineStepKind, type FieldChoice, type StepField } from './step-kind.ts';

const choice = <V extends string>(value: V, title: string, help: string): FieldChoice & { readonly value: V } => ({
  value,
  title,
  help,
});

/** Rewrites without further settings. */
const PLAIN = [
  choice('fold-constants', 'Fold constants', 'What always has the same value is computed once and stored.'),
  choice(
    'fold-batchnorm',
    'Fold batch normalization',
    'Batch normalization behind a layer with weights moves into these.',
  ),
  choice('inline-functions', 'Inline functions', "Calls of the model's own functions are replaced by what they do."),
  choice(
    'remove-dead',
    'Remove what nothing uses',
    'Layers whose results nothing uses go, and constants that nothing uses.',
  ),
  choice(
    'remove-no-ops',
    'Remove layers without effect',
    'Identities, dropout and transpositions that cancel each other go.',
  ),
  choice('share-weights', 'Store equal weights once', 'Weights that are equal byte for byte are stored once.'),
  choice('float32', 'Compute in float32', 'Double and half precision become float32; inputs and outputs stay.'),
  choice('upgrade-opset', 'Upgrade the operator set', 'Operators in the form of opset 13, where the model is older.'),
  choice(
    'quantize-weights',
    'Store quantized weights as codes',
    'Float weights that are quantized while the model loads are stored as their codes.',
  ),
  choice(
    'fusable-quantization',
    'Let integer kernels fuse',
    'Biases get the scale, and ranges behind activations the zero point, that integer kernels ask for.',
  ),
  choice(
    'fast-packed-weights',
    'Fast packed weights',
    'Products with packed weights compute in int8, without float zero points or a group index where these say nothing.',
  ),
  choice(
    'float-all',
    'Everything back to float',
    'All quantization is taken out; weights keep the values of their codes.',
  ),
] as const;

const FLOAT_LAYERS = choice(
  'float-layers',
  'Layers back to float',
  'Quantization around some layers is taken out: they compute in float.',
);

const FIX_SIZES = choice('fix-sizes', 'Fix open sizes', 'Symbolic dimensions of the inputs get one size for good.');

const fields: readonly StepField[] = [
  {
    key: 'pass',
    title: 'What is rewritten',
    help: 'Every rewrite is checked: the new model gives the same outputs, to the rounding that the rewrite is about.',
    flag: '--pass <name>',
    suggested: 'fold-constants',
    control: 'choice',
    choices: [...PLAIN, FLOAT_LAYERS, FIX_SIZES],
  },
  {
    key: 'layers',
    title: 'Back to float',
    help: 'Layers that compute in float.',
    flag: '--layer <name>',
    control: 'layers',
    suggested: [],
    when: { pass: ['float-layers'] },
  },
  {
    key: 'sizes',
    title: 'Sizes',
    help: 'The size of each symbolic dimension, by its name.',
    flag: '--size <name=n>',
    control: 'counts',
    minimum: 1,
    unit: '',
    suggested: {},
    when: { pass: ['fix-sizes'] },
  },
];

const plainPasses = z.enum(PLAIN.map(({ value }) => value) as [PlainPass, ...PlainPass[]]);
type PlainPass = (typeof PLAIN)[number]['value'];

export const rewriteStepSchema = conditionalSettings(
  fields,
  z.discriminatedUnion('pass', [
    z.strictObject({ pass: plainPasses }),
    z.strictObject({ pass: z.literal('float-layers'), layers: z.array(z.string()).readonly().default([]) }),
    z.strictObject({
      pass: z.literal('fix-sizes'),
      sizes: z.record(z.string(), z.number().int().positive()).readonly().default({}),
    }),
  ]),
);
export type RewriteStep = z.infer<typeof rewriteStepSchema>;

const TITLES: ReadonlyMap<string, string> = new Map(
  [...PLAIN, FLOAT_LAYERS, FIX_SIZES].map(({ value, title }) => [value, title]),
);

export const rewriteKind = defineStepKind<'rewrite', RewriteStep>({
  kind: 'rewrite',
  title: 'Rewrite',
  help: 'Writes the model another way; it computes the same.',
  schema: rewriteStepSchema,
  fields,
  needs: () => ({ calibration: false }),
  mustComeAfter: {},
  initial: { pass: 'fold-constants' },
  words: (step) => wordsOf(step),
});

function wordsOf(step: RewriteStep): string {
  if (step.pass === 'float-layers') {
    const { length } = step.layers;
    return `${length} ${length === 1 ? 'layer' : 'layers'} back to float`;
  }
  if (step.pass === 'fix-sizes') {
    return `Fix ${Object.entries(step.sizes)
      .map(([name, size]) => `${name} = ${size}`)
      .join(', ')}`;
  }
  return TITLES.get(step.pass) ?? step.pass;
}
