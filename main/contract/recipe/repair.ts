import { z } from 'zod';
import { conditionalSettings } from './step-fields.ts';
import { defineStepKind, exclusions, type StepField } from './step-kind.ts';

const common = {
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(500),
  /** Layers left as pruning made them. */
  exclude: z.array(z.string()).readonly().default([]),
};

const repairing = z.discriminatedUnion('method', [
  z.strictObject({
    ...common,
    method: z.literal('least-squares'),
    /** What keeps weights small, as a multiple of the mean square of a layer's inputs. */
    ridge: z.number().min(0).max(100).default(0.01),
  }),
  z.strictObject({ ...common, method: z.enum(['bias', 'statistics']) }),
]);

const fields: readonly StepField[] = [
  {
    key: 'method',
    title: 'Method',
    help: 'What is fitted to the model before pruning.',
    flag: '--method <name>',
    control: 'choice',
    standard: 'least-squares',
    choices: [
      {
        value: 'least-squares',
        title: 'Weights',
        help: 'The weights that stay are solved again, layer after layer, in closed form.',
      },
      { value: 'bias', title: 'Biases', help: 'What each layer lacks on average goes into its bias; fast.' },
      {
        value: 'statistics',
        title: 'Statistics',
        help: 'Mean and deviation of each channel are brought back; normalizations learn theirs again.',
      },
    ],
  },
  {
    key: 'ridge',
    title: 'Ridge',
    help: 'What keeps weights small: more where samples are few.',
    flag: '--ridge <share>',
    control: 'number',
    minimum: 0,
    maximum: 100,
    when: { method: ['least-squares'] },
  },
  {
    key: 'samples',
    title: 'Calibration samples',
    help: 'How many samples the layers are fitted on, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
  },
  {
    key: 'exclude',
    title: 'Left alone',
    help: 'Layers that stay as pruning made them.',
    flag: '--exclude <layer>',
    control: 'layers',
  },
];

/** The method decides which settings there are. */
export const repairStepSchema = conditionalSettings(fields, repairing);
export type RepairStep = z.infer<typeof repairStepSchema>;

const WORDS: Readonly<Record<RepairStep['method'], string>> = {
  'least-squares': 'Repair',
  bias: 'Repair biases',
  statistics: 'Repair statistics',
};

export const repairKind = defineStepKind<'repair', RepairStep>({
  kind: 'repair',
  title: 'Repair',
  help: 'Fits what pruning left to the model as it was, without training.',
  schema: repairStepSchema,
  fields,
  needs: () => ({ calibration: true }),
  mustComeAfter: {},
  mustFollow: { prune: 'there is nothing to repair before something is pruned' },
  initial: { method: 'least-squares', ridge: 0.01, samples: 500, exclude: [] },
  words: ({ method, exclude }) => `${WORDS[method]}${exclusions(exclude)}`,
});
