/** Static quantization: ranges of activations are found beforehand, on calibration data. What a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

const common = {
  scheme: z.literal('int8-static'),
  /** Codes of activations and of weights; s: signed, u: unsigned. */
  types: z.enum(['u8s8', 'u8u8', 's8s8']).default('u8s8'),
  perChannel: z.boolean().default(true),
  /** Whether the code of zero stands in the middle, in activations that take both signs. */
  symmetric: z.boolean().default(false),
  /** true: weights in 7 bits; 'auto': where sums would saturate. A recipe kept with a trial holds the resolved value. */
  reduceRange: z.union([z.boolean(), z.literal('auto')]).default('auto'),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(200),
  exclude: z.array(z.string()).readonly().default([]),
};

export const int8Static = z.discriminatedUnion('calibrator', [
  z.strictObject({ ...common, calibrator: z.enum(['minmax', 'ema', 'entropy', 'mse']) }),
  z.strictObject({
    ...common,
    calibrator: z.literal('percentile'),
    /** Share of the values inside of the range, in per cent. */
    percentile: z.number().gt(0).max(100).default(99.999),
  }),
]);
export type Int8StaticStep = z.infer<typeof int8Static>;
export type ReduceRange = Int8StaticStep['reduceRange'];

const when = { scheme: ['int8-static'] } as const;

export const staticFields: readonly StepField[] = [
  {
    key: 'calibrator',
    title: 'Ranges',
    help: 'How the range of an activation is found on calibration data.',
    flag: '--calibrator <name>',
    control: 'choice',
    when,
    standard: 'minmax',
    choices: [
      { value: 'minmax', title: 'Smallest to largest', help: 'The range holds every value that was met.' },
      {
        value: 'ema',
        title: 'Moving average',
        help: 'Averages the least and greatest value of each batch: single outliers count little.',
      },
      { value: 'percentile', title: 'Percentile', help: 'The range holds nearly all values; the outermost are cut.' },
      {
        value: 'entropy',
        title: 'Entropy',
        help: 'The range after which the distribution of the values is nearest to what it was (KL divergence).',
      },
      { value: 'mse', title: 'Least error', help: 'The range whose codes come nearest to the values, in squares.' },
    ],
  },
  {
    key: 'percentile',
    title: 'Percentile',
    help: 'How many of the values the range holds, in per cent.',
    flag: '--percentile <percent>',
    control: 'number',
    minimum: 0,
    maximum: 100,
    when: { ...when, calibrator: ['percentile'] },
  },
  {
    key: 'types',
    title: 'Codes',
    help: 'Signed or unsigned codes, of activations and of weights.',
    flag: '--types <types>',
    control: 'choice',
    when,
    choices: [
      { value: 'u8s8', title: 'uint8 × int8', help: 'The fastest kernels of x86 with VNNI; without it 7-bit weights.' },
      {
        value: 'u8u8',
        title: 'uint8 × uint8',
        help: 'Sums never saturate, whatever the CPU; slower kernels on some.',
      },
      {
        value: 's8s8',
        title: 'int8 × int8',
        help: 'What most accelerators take; on x86 the runtime leaves layers with several readers in float.',
      },
    ],
  },
  {
    key: 'perChannel',
    title: 'Scale for each channel',
    help: 'One scale for each output channel of a weight, not one for the whole tensor: more exact, and as fast.',
    flag: '--per-tensor',
    turnsOff: true,
    control: 'switch',
    when,
  },
  {
    key: 'symmetric',
    title: 'Symmetric activations',
    help: 'Zero is the middle code of activations that take both signs, as some accelerators ask; costs range.',
    flag: '--symmetric',
    control: 'switch',
    when,
  },
  {
    key: 'reduceRange',
    title: 'Weights in 7 bits',
    help: 'CPUs without VNNI may saturate when they add up products of 8-bit weights; 7 bits are exact there.',
    flag: '--reduce-range <mode>',
    control: 'choice',
    when,
    choices: [
      { value: 'auto', title: 'Where needed', help: 'In 7 bits where the kernels of this CPU saturate.' },
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
    when,
  },
];

/** What a new step of an editor begins with. */
export const INITIAL_STATIC: Int8StaticStep = {
  scheme: 'int8-static',
  calibrator: 'minmax',
  types: 'u8s8',
  perChannel: true,
  symmetric: false,
  reduceRange: 'auto',
  samples: 200,
  exclude: [],
};

const CALIBRATORS: Readonly<Record<Int8StaticStep['calibrator'], string>> = {
  minmax: '',
  ema: ' EMA',
  percentile: ' percentile',
  entropy: ' entropy',
  mse: ' MSE',
};

/** "int8", "int8 s8s8 per tensor, 7-bit weights". */
export function staticWords(step: Int8StaticStep): string {
  const { calibrator, types, perChannel, symmetric, reduceRange, exclude } = step;
  const details = [
    CALIBRATORS[calibrator],
    types === 'u8s8' ? '' : ` ${types}`,
    perChannel ? '' : ' per tensor',
    symmetric ? ' symmetric' : '',
    reduceRange === true ? ' 7-bit weights' : '',
  ];
  return `int8${details.join('')}${exclusions(exclude)}`;
}

/** 'auto': 7-bit weights unless the kernels are known to add products without saturating: those of u8u8, and VNNI's. */
export function resolveReduceRange(
  { reduceRange, types }: Pick<Int8StaticStep, 'reduceRange' | 'types'>,
  vnni: boolean | null,
): boolean {
  return reduceRange === 'auto' ? types !== 'u8u8' && vnni !== true : reduceRange;
}
