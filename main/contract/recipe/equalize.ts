import { z } from 'zod';
import { conditionalSettings } from './step-fields.ts';
import { defineStepKind, exclusions, type StepField } from './step-kind.ts';

const common = {
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(64),
  /** Layers whose weights stay as they are. */
  exclude: z.array(z.string()).readonly().default([]),
};

const equalizing = z.discriminatedUnion('method', [
  z.strictObject({ ...common, method: z.literal('cross-layer') }),
  z.strictObject({
    ...common,
    method: z.literal('smooth'),
    /** How much of the difficulty goes from data to weights; 'auto': what loses least, layer by layer. */
    alpha: z.union([z.literal('auto'), z.number().min(0).max(1)]).default('auto'),
    /** Whether the middle of each channel behind a normalization goes into the biases of what takes it. */
    shift: z.boolean().default(false),
  }),
]);

const fields: readonly StepField[] = [
  {
    key: 'method',
    title: 'Method',
    help: 'What is evened out, and where.',
    flag: '--method <name>',
    control: 'choice',
    standard: 'cross-layer',
    choices: [
      {
        value: 'cross-layer',
        title: 'Between layers',
        help: 'Weights that give a channel and weights that take it get the same range: for convolutions.',
      },
      {
        value: 'smooth',
        title: 'From data to weights',
        help: 'Channels of the data that stick out become smaller, the weights behind them larger: for transformers.',
      },
    ],
  },
  {
    key: 'alpha',
    title: 'Share moved',
    help: 'How much of the spread goes from the data to the weights, 0 to 1, or auto: what loses least in each layer.',
    flag: '--alpha <share>',
    control: 'number',
    minimum: 0,
    maximum: 1,
    auto: true,
    when: { method: ['smooth'] },
  },
  {
    key: 'shift',
    title: 'Centre channels',
    help: 'Each channel behind a normalization is moved so that its range lies about zero; the biases behind take that up.',
    flag: '--shift',
    control: 'switch',
    when: { method: ['smooth'] },
  },
  {
    key: 'samples',
    title: 'Calibration samples',
    help: 'How many samples are looked at, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
  },
  {
    key: 'exclude',
    title: 'Left alone',
    help: 'Layers whose weights stay as they are.',
    flag: '--exclude <layer>',
    control: 'layers',
  },
];

/** The method decides which settings there are. */
export const equalizeStepSchema = conditionalSettings(fields, equalizing);
export type EqualizeStep = z.infer<typeof equalizeStepSchema>;

const WORDS: Readonly<Record<EqualizeStep['method'], string>> = {
  'cross-layer': 'Equalize layers',
  smooth: 'Smooth data',
};

export const equalizeKind = defineStepKind<'equalize', EqualizeStep>({
  kind: 'equalize',
  title: 'Equalize',
  help: 'Evens out ranges before quantization; the model computes the same.',
  schema: equalizeStepSchema,
  fields,
  needs: () => ({ calibration: true }),
  mustComeAfter: {},
  initial: { method: 'cross-layer', samples: 64, exclude: [] },
  words: ({ method, exclude }) => `${WORDS[method]}${exclusions(exclude)}`,
});
