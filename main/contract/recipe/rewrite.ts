import { z } from 'zod';
import { defineStepKind } from './step-kind.ts';

export const rewriteStepSchema = z.strictObject({
  pass: z.enum(['fold-constants', 'fold-batchnorm', 'inline-functions', 'remove-dead', 'upgrade-opset']),
});
export type RewriteStep = z.infer<typeof rewriteStepSchema>;

const TITLES: Readonly<Record<RewriteStep['pass'], string>> = {
  'fold-constants': 'Fold constants',
  'fold-batchnorm': 'Fold batch normalization',
  'inline-functions': 'Inline functions',
  'remove-dead': 'Remove what nothing uses',
  'upgrade-opset': 'Upgrade the operator set',
};

export const rewriteKind = defineStepKind<'rewrite', RewriteStep>({
  kind: 'rewrite',
  title: 'Rewrite',
  help: 'Writes the model another way; it computes the same.',
  schema: rewriteStepSchema,
  fields: [
    {
      key: 'pass',
      title: 'What is rewritten',
      help: 'Every rewrite is checked: the new model gives the same outputs.',
      flag: '--pass <name>',
      suggested: 'fold-constants',
      control: 'choice',
      choices: [
        {
          value: 'fold-constants',
          title: TITLES['fold-constants'],
          help: 'What always has the same value is computed once and stored.',
        },
        {
          value: 'fold-batchnorm',
          title: TITLES['fold-batchnorm'],
          help: 'Batch normalization behind a layer with weights moves into these.',
        },
        {
          value: 'inline-functions',
          title: TITLES['inline-functions'],
          help: "Calls of the model's own functions are replaced by what they do.",
        },
        {
          value: 'remove-dead',
          title: TITLES['remove-dead'],
          help: 'Layers whose results nothing uses go, and the constants that they alone used.',
        },
        {
          value: 'upgrade-opset',
          title: TITLES['upgrade-opset'],
          help: 'Operators in the form of opset 13, where the model is older.',
        },
      ],
    },
  ],
  needs: () => ({ calibration: false }),
  mustComeAfter: {},
  initial: { pass: 'fold-constants' },
  words: ({ pass }) => TITLES[pass],
});
