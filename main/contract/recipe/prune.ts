import { z } from 'zod';
import { defineStepKind, exclusions } from './step-kind.ts';

/** The structures of version 1 had a `score` too, which changed nothing: magnitudes are in one order whatever the norm. */
export const pruneStepSchema = z.strictObject({
  structure: z.literal('element').default('element'),
  /** global: one threshold over all layers; layer: the same sparsity in each. */
  scope: z.enum(['global', 'layer']).default('global'),
  /** Share of the prunable weights set to zero, 0…1. */
  sparsity: z.number().min(0).max(1),
  /** Layers left alone. */
  exclude: z.array(z.string()).readonly().default([]),
});
export type PruneStep = z.infer<typeof pruneStepSchema>;

export const pruneKind = defineStepKind<'prune', PruneStep>({
  kind: 'prune',
  title: 'Prune',
  help: 'Takes out the weights that matter least.',
  schema: pruneStepSchema,
  fields: [
    {
      key: 'structure',
      title: 'What is removed',
      help: 'What goes as one.',
      flag: '--structure <kind>',
      control: 'choice',
      choices: [
        {
          value: 'element',
          title: 'Single weights',
          help: 'Single weights become zero: smaller when compressed, not faster on ordinary CPUs.',
        },
      ],
    },
    {
      key: 'sparsity',
      title: 'Sparsity',
      help: 'Share of the prunable weights that become zero.',
      flag: '--sparsity <share>',
      control: 'share',
    },
    {
      key: 'scope',
      title: 'Scope',
      help: 'Where weights are compared with each other.',
      flag: '--scope <scope>',
      control: 'choice',
      choices: [
        { value: 'global', title: 'All layers', help: 'One threshold over all layers.' },
        { value: 'layer', title: 'Each layer', help: 'The same share in each layer.' },
      ],
    },
    {
      key: 'exclude',
      title: 'Left alone',
      help: 'Layers that keep all their weights.',
      flag: '--exclude <layer>',
      control: 'layers',
    },
  ],
  needs: { calibration: false },
  mustComeAfter: {},
  initial: { structure: 'element', scope: 'global', sparsity: 0.5, exclude: [] },
  words: ({ sparsity, scope, exclude }) => {
    const percent = Number((sparsity * 100).toFixed(1));
    return `Prune ${percent} %${scope === 'layer' ? ' per layer' : ''}${exclusions(exclude)}`;
  },
});
