import { z } from 'zod';
import { defineStepKind, exclusions } from './step-kind.ts';

export const quantizeStepSchema = z.strictObject({
  scheme: z.literal('int8-static').default('int8-static'),
  calibrator: z.literal('minmax').default('minmax'),
  perChannel: z.boolean().default(true),
  /** true: weights in 7 bits; 'auto': where the CPU lacks VNNI. A recipe kept with a trial holds the resolved value. */
  reduceRange: z.union([z.boolean(), z.literal('auto')]).default('auto'),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(200),
  exclude: z.array(z.string()).readonly().default([]),
});
export type QuantizeStep = z.infer<typeof quantizeStepSchema>;

export const quantizeKind = defineStepKind<'quantize', QuantizeStep>({
  kind: 'quantize',
  title: 'Quantize',
  help: 'Computes in small integers.',
  schema: quantizeStepSchema,
  fields: [
    {
      key: 'scheme',
      title: 'Scheme',
      help: 'What is held and computed in which integers.',
      flag: '--scheme <scheme>',
      control: 'choice',
      choices: [
        {
          value: 'int8-static',
          title: 'int8, static',
          help: 'int8 weights and uint8 activations, with ranges found on calibration data.',
        },
      ],
    },
    {
      key: 'calibrator',
      title: 'Ranges',
      help: 'How the range of an activation is found on calibration data.',
      flag: '--calibrator <name>',
      control: 'choice',
      choices: [{ value: 'minmax', title: 'Smallest to largest', help: 'The range holds every value that was met.' }],
    },
    {
      key: 'perChannel',
      title: 'Scale for each channel',
      help: 'One scale for each output channel of a weight, not one for the whole tensor: more exact, and as fast.',
      flag: '--per-tensor',
      turnsOff: true,
      control: 'switch',
    },
    {
      key: 'reduceRange',
      title: 'Weights in 7 bits',
      help: 'CPUs without VNNI may saturate when they add up products of 8-bit weights; 7 bits are exact there.',
      flag: '--reduce-range <mode>',
      control: 'choice',
      choices: [
        { value: 'auto', title: 'Where needed', help: 'In 7 bits where this CPU lacks VNNI.' },
        { value: true, title: 'Always', help: 'In 7 bits everywhere.', word: 'on' },
        { value: false, title: 'Never', help: 'All 8 bits, also where sums may saturate.', word: 'off' },
      ],
    },
    {
      key: 'samples',
      title: 'Calibration samples',
      help: 'How many samples the ranges are found on, from the start of the calibration data.',
      flag: '--samples <n>',
      control: 'count',
      minimum: 1,
      unit: 'samples',
    },
    {
      key: 'exclude',
      title: 'Left in float',
      help: 'Layers that go on computing in float.',
      flag: '--exclude <layer>',
      control: 'layers',
    },
  ],
  needs: () => ({ calibration: true }),
  mustComeAfter: {
    prune: 'weights that are integers already cannot be pruned',
    repair: 'weights that are integers already cannot be solved again',
  },
  initial: {
    scheme: 'int8-static',
    calibrator: 'minmax',
    perChannel: true,
    reduceRange: 'auto',
    samples: 200,
    exclude: [],
  },
  words: ({ perChannel, reduceRange, exclude }) => {
    const details = [perChannel ? '' : ' per tensor', reduceRange === true ? ' 7-bit weights' : ''].join('');
    return `int8${details}${exclusions(exclude)}`;
  },
  resolve: (settings, { vnni }) =>
    settings.reduceRange === 'auto' ? { ...settings, reduceRange: vnni !== true } : settings,
});
