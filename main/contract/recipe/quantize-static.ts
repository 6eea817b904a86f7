/** Static quantization: ranges of activations are found beforehand, on calibration data. What a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';
import { weightBits, weightBitsFields } from './weight-bits.ts';

/** What a layer may be instead of what the step says. */
export const LAYER_PRECISIONS = ['float', 'int8', 'int8-7bit', 'int16'] as const;
export type LayerPrecision = (typeof LAYER_PRECISIONS)[number];

const common = {
  perChannel: z.boolean().default(true),
  /** Whether the code of zero stands in the middle, in activations that take both signs. */
  symmetric: z.boolean().default(false),
  /** Whether what 8 bits leave of an image goes into channels of its own. */
  splitInputs: z.boolean().default(false),
  ...weightBits,
  /** Which way weights are rounded. */
  rounding: z.enum(['nearest', 'gptq', 'adaround', 'blocks']).default('nearest'),
  /** Whether biases take up what the rounding of weights has moved on average. */
  biasCorrection: z.enum(['none', 'fast', 'empirical']).default('none'),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(200),
  exclude: z.array(z.string()).readonly().default([]),
  /** Single layers otherwise than the others. A layer's precision is that of its weights, and of what it gives. */
  layers: z.record(z.string(), z.enum(LAYER_PRECISIONS)).readonly().default({}),
  /** Ranges of activations that are given, and not found on data: least and greatest value by name of the tensor. */
  ranges: z
    .record(
      z.string(),
      z.tuple([z.number(), z.number()]).refine(([least, greatest]) => least < greatest, 'Expected [least, greatest]'),
    )
    .readonly()
    .default({}),
};

const int8 = {
  ...common,
  scheme: z.literal('int8-static'),
  /** Codes of activations and of weights; s: signed, u: unsigned. */
  types: z.enum(['u8s8', 'u8u8', 's8s8']).default('u8s8'),
  /** How integer layers are written: as pairs around float operators, or as the runtime's own integer operators. */
  format: z.enum(['qdq', 'qoperator']).default('qdq'),
  /** true: weights in 7 bits; 'auto': where sums would saturate. A recipe kept with a trial holds the resolved value. */
  reduceRange: z.union([z.boolean(), z.literal('auto')]).default('auto'),
  /** Whether layers stay in float that would make the model slower on the machine at hand. */
  speed: z.enum(['measured', 'all']).default('all'),
  /** What was found: a recipe kept with a trial holds it, and nothing is timed again. */
  slow: z.array(z.string()).readonly().optional(),
};
const int16 = { ...common, scheme: z.literal('int16-static') };

const calibrator = z.enum(['minmax', 'ema', 'entropy', 'mse', 'logits']);
const percentile = {
  calibrator: z.literal('percentile'),
  /** Share of the values inside of the range, in per cent. */
  percentile: z.number().gt(0).max(100).default(99.999),
};

export const int8Static = z.discriminatedUnion('calibrator', [
  z.strictObject({ ...int8, calibrator }),
  z.strictObject({ ...int8, ...percentile }),
]);
export const int16Static = z.discriminatedUnion('calibrator', [
  z.strictObject({ ...int16, calibrator }),
  z.strictObject({ ...int16, ...percentile }),
]);
export type Int8StaticStep = z.infer<typeof int8Static>;
export type StaticStep = Int8StaticStep | z.infer<typeof int16Static>;
export type ReduceRange = Int8StaticStep['reduceRange'];

const int8Only = { scheme: ['int8-static'] } as const;
const when = { scheme: ['int8-static', 'int16-static'] } as const;

/** The schemes, among the others. */
export const staticSchemes = [
  {
    value: 'int8-static',
    title: 'int8, static',
    help: '8-bit weights and activations, with ranges found on calibration data.',
  },
  {
    value: 'int16-static',
    title: 'int16 activations, static',
    help: '8-bit weights, 16-bit activations, as some accelerators compute; CPUs compute it in float, and slower.',
  },
] as const;

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
      {
        value: 'logits',
        title: 'Least error of the outputs',
        help: 'Several ranges of each activation are run, and that which moves the outputs least is taken; slow.',
      },
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
    when: int8Only,
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
    key: 'format',
    title: 'Written as',
    help: 'How integer layers stand in the file.',
    flag: '--format <format>',
    control: 'choice',
    when: int8Only,
    choices: [
      {
        value: 'qdq',
        title: 'Pairs around operators',
        help: 'QuantizeLinear and DequantizeLinear around float operators: for any runtime.',
      },
      {
        value: 'qoperator',
        title: 'Integer operators',
        help: 'QLinearConv and others, as this runtime fuses them: for ONNX Runtime alone.',
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
    key: 'splitInputs',
    title: 'Images in two codes',
    help: 'What 8 bits leave of an image goes into channels of its own: the first convolution has twice the channels, and no error of its input.',
    flag: '--split-inputs',
    control: 'switch',
    when,
  },
  {
    key: 'reduceRange',
    title: 'Weights in 7 bits',
    help: 'CPUs without VNNI may saturate when they add up products of 8-bit weights; 7 bits are exact there.',
    flag: '--reduce-range <mode>',
    control: 'choice',
    when: int8Only,
    choices: [
      { value: 'auto', title: 'Where needed', help: 'In 7 bits where the kernels of this CPU saturate.' },
      { value: true, title: 'Always', help: 'In 7 bits everywhere.', word: 'on' },
      { value: false, title: 'Never', help: 'All 8 bits, also where sums may saturate.', word: 'off' },
    ],
  },
  ...weightBitsFields(when),
  {
    key: 'rounding',
    title: 'Rounding',
    help: 'Which way weights are rounded.',
    flag: '--rounding <name>',
    control: 'choice',
    when,
    choices: [
      { value: 'nearest', title: 'To the nearest', help: 'Each weight by itself; at once.' },
      {
        value: 'gptq',
        title: 'In turn',
        help: 'One input of a layer after the other, the later ones making up for the errors of those before, as its outputs come nearest to the float ones (GPTQ); scales and biases too; seconds to minutes.',
      },
      {
        value: 'adaround',
        title: 'Learnt',
        help: 'Up or down as the outputs of each layer come nearest to the float ones (AdaRound); seconds to minutes.',
      },
      {
        value: 'blocks',
        title: 'Learnt block by block',
        help: 'Weights, biases and steps of activations of a residual block together, as its outputs come nearest to the float ones (BRECQ); minutes.',
      },
    ],
  },
  {
    key: 'biasCorrection',
    title: 'Bias correction',
    help: 'Biases take up what the outputs of a layer are off by on average.',
    flag: '--bias-correction <name>',
    control: 'choice',
    when,
    choices: [
      { value: 'none', title: 'None', help: 'Biases stay as they are.' },
      { value: 'fast', title: 'Fast', help: 'From the means of the inputs and the error of the weights, in one pass.' },
      {
        value: 'empirical',
        title: 'Measured',
        help: 'From the outputs of the quantized model, layer after layer, each with those before it corrected.',
      },
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
  {
    key: 'layers',
    title: 'Single layers',
    help: 'Layers in another precision than the rest: of their weights, and of what they give.',
    flag: '--layer <layer=precision>',
    control: 'layer-choices',
    when,
    choices: [
      { value: 'float', title: 'float', help: 'Computes in float, as a layer that is left out.' },
      { value: 'int8', title: 'int8', help: 'Weights and activations in 8 bits.' },
      { value: 'int8-7bit', title: 'int8, 7-bit weights', help: 'Weights in 7 bits, activations in 8.' },
      { value: 'int16', title: 'int16', help: 'Weights in 8 bits, activations in 16: no integer kernel on CPUs.' },
    ],
  },
  {
    key: 'ranges',
    title: 'Given ranges',
    help: 'Ranges of single activations as they are given here, whatever was found on data.',
    flag: '--range <tensor=least:greatest>',
    control: 'ranges',
    when,
  },
  {
    key: 'speed',
    title: 'Layers in int8',
    help: 'Which of the layers that can run in int8 do.',
    flag: '--speed <mode>',
    control: 'choice',
    when: { scheme: ['int8-static'] },
    offered: 'measured',
    choices: [
      {
        value: 'measured',
        title: 'Those that gain by it here',
        help: 'Layers are timed both ways on this machine; what makes the model slower stays in float.',
      },
      {
        value: 'all',
        title: 'All that can',
        help: 'Also where float is faster here: for other machines, and for size.',
      },
    ],
  },
];

/** What a new step of an editor begins with. */
export const INITIAL_STATIC: Int8StaticStep = {
  scheme: 'int8-static',
  calibrator: 'minmax',
  types: 'u8s8',
  format: 'qdq',
  perChannel: true,
  symmetric: false,
  splitInputs: false,
  reduceRange: 'auto',
  weightBits: 8,
  rounding: 'nearest',
  biasCorrection: 'none',
  samples: 200,
  speed: 'measured',
  exclude: [],
  layers: {},
  ranges: {},
};

const CALIBRATORS: Readonly<Record<StaticStep['calibrator'], string>> = {
  minmax: '',
  ema: ' EMA',
  percentile: ' percentile',
  entropy: ' entropy',
  mse: ' MSE',
  logits: ' logits',
};

const ROUNDINGS: Readonly<Record<StaticStep['rounding'], string>> = {
  nearest: '',
  gptq: ' rounded in turn',
  adaround: ' learnt rounding',
  blocks: ' learnt blocks',
};

/** "int8", "int8 s8s8 per tensor, 7-bit weights, 3 slower in float (1 excluded)". */
export function staticWords(step: StaticStep): string {
  const changed = Object.keys(step.layers).length;
  const given = Object.keys(step.ranges).length;
  const slow = (step.scheme === 'int8-static' ? step.slow : undefined) ?? [];
  const details = [
    CALIBRATORS[step.calibrator],
    step.scheme !== 'int8-static' || step.types === 'u8s8' ? '' : ` ${step.types}`,
    step.scheme === 'int8-static' && step.format === 'qoperator' ? ' QOperator' : '',
    step.perChannel ? '' : ' per tensor',
    step.symmetric ? ' symmetric' : '',
    step.splitInputs ? ' split inputs' : '',
    step.weightBits < 8
      ? ` ${step.weightBits}-bit weights${step.ends === 'int8' ? ' but the ends' : ''}`
      : step.scheme === 'int8-static' && step.reduceRange === true
        ? ' 7-bit weights'
        : '',
    ROUNDINGS[step.rounding],
    step.biasCorrection === 'none' ? '' : ' corrected biases',
    changed === 0 ? '' : `, ${changed} otherwise`,
    given === 0 ? '' : `, ${given} given range${given === 1 ? '' : 's'}`,
    slow.length === 0 ? '' : `, ${slow.length} slower in float`,
  ];
  const bits = step.scheme === 'int8-static' ? 'int8' : 'int16';
  return `${bits}${details.join('')}${exclusions(step.exclude)}`;
}

/** 'auto': 7-bit weights unless the kernels are known to add products without saturating: those of u8u8, and VNNI's. */
export function resolveReduceRange(
  {
    reduceRange,
    types,
    weightBits,
  }: Pick<Int8StaticStep, 'reduceRange' | 'types'> & Partial<Pick<Int8StaticStep, 'weightBits'>>,
  vnni: boolean | null,
): boolean {
  // Sums of codes up to 7 do not saturate.
  if (weightBits === 2 || weightBits === 4) return false;
  return reduceRange === 'auto' ? types !== 'u8u8' && vnni !== true : reduceRange;
}
