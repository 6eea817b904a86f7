/** Quantization of weights alone: activations stay float. What a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type FieldChoice, type StepField } from './step-kind.ts';

const BLOCKS = [16, 32, 64, 128, 256] as const;
/** With 2 bits, blocks of 16 and 256 have no fast kernel here: 17 to 22 times slower, ten times slower than float. */
const FAST_2_BIT_BLOCKS = [32, 64, 128] as const;

const shared = {
  /** Whether codes count from the middle; else each block has a zero point of its own. */
  symmetric: z.boolean().default(false),
  exclude: z.array(z.string()).readonly().default([]),
};

/** For the runtime's own kernels, MatMulNBits and GatherBlockQuantized. */
const kernels = {
  ...shared,
  format: z.literal('nbits'),
  /** Weights that share a scale. */
  block: z.literal(BLOCKS).default(32),
  /** Whether lookup tables become codes too. */
  embeddings: z.boolean().default(true),
};

/** In standard operators: DequantizeLinear before the layer. */
const standard = {
  ...shared,
  format: z.literal('qdq'),
  /** Weights that share a scale; row: all of one output. */
  block: z.union([z.literal('row'), z.literal(BLOCKS)]).default('row'),
};

const weightsAlone = { method: z.enum(['rtn', 'hqq']) };
/** Calibration samples taken from the start of the data. */
const byData = { method: z.enum(['gptq', 'awq']), samples: z.number().int().positive().default(128) };

const int4Kernels = {
  ...kernels,
  scheme: z.literal('int4-weight'),
  /** What products are computed in. With 8 and 2 bits anything but int8 is ten times slower than float. */
  compute: z.enum(['int8', 'float32']).default('int8'),
};
const int8Kernels = { ...kernels, scheme: z.literal('int8-weight') };
const int2Kernels = { ...kernels, scheme: z.literal('int2-weight'), block: z.literal(FAST_2_BIT_BLOCKS).default(32) };
const int8Standard = { ...standard, scheme: z.literal('int8-weight') };
const int4Standard = { ...standard, scheme: z.literal('int4-weight'), block: z.literal(BLOCKS).default(32) };

export const int8Weight = z.discriminatedUnion('format', [
  z.discriminatedUnion('method', [
    z.strictObject({ ...int8Kernels, ...weightsAlone }),
    z.strictObject({ ...int8Kernels, ...byData }),
  ]),
  z.discriminatedUnion('method', [
    z.strictObject({ ...int8Standard, ...weightsAlone }),
    z.strictObject({ ...int8Standard, ...byData }),
  ]),
]);

export const int4Weight = z.discriminatedUnion('format', [
  z.discriminatedUnion('method', [
    z.strictObject({ ...int4Kernels, ...weightsAlone }),
    z.strictObject({ ...int4Kernels, ...byData }),
  ]),
  z.discriminatedUnion('method', [
    z.strictObject({ ...int4Standard, ...weightsAlone }),
    z.strictObject({ ...int4Standard, ...byData }),
  ]),
]);

export const int2Weight = z.discriminatedUnion('format', [
  z.discriminatedUnion('method', [
    z.strictObject({ ...int2Kernels, ...weightsAlone }),
    z.strictObject({ ...int2Kernels, ...byData }),
  ]),
]);

/** Settings of a step that codes weights and leaves activations in float. */
export type WeightOnlyStep = z.infer<typeof int8Weight> | z.infer<typeof int4Weight> | z.infer<typeof int2Weight>;
/** One whose codes are found on data. */
export type CalibratedWeightStep = Extract<WeightOnlyStep, { readonly samples: number }>;

/** The schemes, among the others. */
export const weightOnlySchemes: readonly FieldChoice[] = [
  {
    value: 'int8-weight',
    title: 'int8 weights',
    help: '8-bit weights in blocks, activations in float: a quarter of the size, nearly exact.',
  },
  {
    value: 'int4-weight',
    title: 'int4 weights',
    help: '4-bit weights in blocks, activations in float: for models that read many weights for each output, as language models do.',
  },
  {
    value: 'int2-weight',
    title: 'int2 weights',
    help: '2-bit weights in blocks, activations in float: small and inexact.',
  },
];

const scheme = ['int8-weight', 'int4-weight', 'int2-weight'] as const;
const asKernels = { format: ['nbits'] } as const;

const blocks = (sizes: readonly number[]): FieldChoice[] =>
  sizes.map((value) => ({
    value,
    title: String(value),
    help: `${value} weights of an output share a scale: ${value < 64 ? 'more exact, a little larger' : 'a little smaller and faster, less exact'}.`,
  }));

const ROW: FieldChoice = {
  value: 'row',
  title: 'Each output',
  help: 'All weights of an output share a scale: every runtime takes it, from opset 13 on.',
};

const block = {
  key: 'block',
  title: 'Block',
  help: 'How many weights of an output share a scale.',
  flag: '--block <n>',
  control: 'choice',
} as const;

export const weightOnlyFields: readonly StepField[] = [
  {
    key: 'format',
    title: 'Written as',
    help: 'Which operators read the codes.',
    flag: '--format <format>',
    control: 'choice',
    standard: 'nbits',
    when: { scheme: ['int8-weight', 'int4-weight'] },
    choices: [
      {
        value: 'nbits',
        title: 'Block kernels',
        help: 'MatMulNBits and GatherBlockQuantized: ONNX Runtime computes on the codes.',
      },
      {
        value: 'qdq',
        title: 'Standard operators',
        help: 'DequantizeLinear before each layer: any runtime takes it; blocks and 4 bits are written in opset 21.',
      },
    ],
  },
  {
    key: 'format',
    title: 'Written as',
    help: 'Which operators read the codes.',
    flag: '--format <format>',
    control: 'choice',
    standard: 'nbits',
    when: { scheme: ['int2-weight'] },
    choices: [
      {
        value: 'nbits',
        title: 'Block kernels',
        help: 'MatMulNBits and GatherBlockQuantized: ONNX Runtime computes on the codes.',
      },
    ],
  },
  {
    key: 'method',
    title: 'Rounding',
    help: 'How codes are found.',
    flag: '--method <method>',
    control: 'choice',
    standard: 'rtn',
    when: { scheme },
    choices: [
      { value: 'rtn', title: 'To nearest', help: 'Each weight to the nearest code: fast, without data.' },
      {
        value: 'hqq',
        title: 'Half-quadratic',
        help: 'Scales and zero points moved so that most weights err least and outliers may err: without data.',
      },
      {
        value: 'gptq',
        title: 'GPTQ',
        help: 'Weights make up for the errors of others on calibration data: the most exact, the slowest.',
      },
      {
        value: 'awq',
        title: 'AWQ',
        help: 'Inputs that are large on calibration data get more exact weights, by factors moved into the layers before.',
      },
    ],
  },
  { ...block, when: { scheme: ['int8-weight', 'int4-weight'], ...asKernels }, choices: blocks(BLOCKS) },
  { ...block, when: { scheme: ['int2-weight'], ...asKernels }, choices: blocks(FAST_2_BIT_BLOCKS) },
  { ...block, when: { scheme: ['int8-weight'], format: ['qdq'] }, choices: [ROW, ...blocks(BLOCKS)] },
  { ...block, when: { scheme: ['int4-weight'], format: ['qdq'] }, choices: blocks(BLOCKS) },
  {
    key: 'symmetric',
    title: 'Symmetric',
    help: 'Codes count from the middle, without zero points: a little smaller, less exact.',
    flag: '--symmetric',
    control: 'switch',
    when: { scheme },
  },
  {
    key: 'compute',
    title: 'Products in',
    help: 'What the kernels multiply in.',
    flag: '--compute <type>',
    control: 'choice',
    when: { scheme: ['int4-weight'], ...asKernels },
    choices: [
      { value: 'int8', title: 'int8', help: 'Inputs are rounded to 8 bits block by block: the fastest.' },
      { value: 'float32', title: 'float32', help: 'Inputs stay as they are: more exact, up to 4 times slower.' },
    ],
  },
  {
    key: 'embeddings',
    title: 'Lookup tables too',
    help: 'Embeddings become codes as well; one that a head shares is stored once.',
    flag: '--float-embeddings',
    turnsOff: true,
    control: 'switch',
    when: { scheme, ...asKernels },
  },
  {
    key: 'samples',
    title: 'Calibration samples',
    help: 'How many samples tell what the inputs are like, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
    when: { scheme, method: ['gptq', 'awq'] },
  },
];

const METHODS: Readonly<Record<WeightOnlyStep['method'], string>> = {
  rtn: '',
  hqq: ' by HQQ',
  gptq: ' by GPTQ',
  awq: ' by AWQ',
};

/** "int4 weights in blocks of 32 by GPTQ". */
export function weightOnlyWords(step: WeightOnlyStep): string {
  const details = [
    step.block === 'row' ? '' : ` in blocks of ${step.block}`,
    METHODS[step.method],
    step.symmetric ? ' symmetric' : '',
    step.format === 'qdq' ? ' in standard operators' : '',
    'compute' in step && step.compute === 'float32' ? ' computed in float32' : '',
    'embeddings' in step && !step.embeddings ? ' without embeddings' : '',
  ];
  return `${step.scheme.replace('-weight', '')} weights${details.join('')}${exclusions(step.exclude)}`;
}
