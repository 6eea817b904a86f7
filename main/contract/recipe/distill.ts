import { z } from 'zod';
import { conditionalSettings } from './step-fields.ts';
import { defineStepKind, exclusions, type StepField } from './step-kind.ts';

/** What a student is brought back from; decides what is matched and what is trained where nothing else is said. */
const DISTILL_PRESETS = ['pruned-cnn', 'pruned-transformer', 'quantized', 'low-bit', 'blocks', 'labels'] as const;
export type DistillPreset = (typeof DISTILL_PRESETS)[number];

/** What of the teacher the student is trained towards; `auto`: as the preset says. */
const DISTILL_MATCHES = ['auto', 'features', 'outputs', 'both', 'layers', 'attention', 'labels'] as const;
export type DistillMatch = (typeof DISTILL_MATCHES)[number];

const common = {
  preset: z.enum(DISTILL_PRESETS).default('pruned-cnn'),
  /** SHA-256 of the teacher's file; '': the model that the recipe begins with. */
  teacher: z
    .string()
    .regex(/^(?:[0-9a-f]{64})?$/u, 'expected the SHA-256 of a model')
    .default(''),
  /** Calibration samples taken from the start of the data, those held out among them. */
  samples: z.number().int().min(2).default(500),
  /** Updates of the weights at most. */
  iterations: z.number().int().positive().default(600),
  batch: z.number().int().positive().default(64),
  /** Largest learning rate; 0: found by a short test. A recipe kept with a trial holds what was found. */
  rate: z.number().min(0).max(1).default(0),
  augment: z.enum(['auto', 'none', 'shift', 'warp', 'flip', 'colour']).default('auto'),
  /** Share of the samples that is never trained on and decides which state is kept. */
  heldOut: z.number().gt(0).lt(1).default(0.1),
  seed: z.number().int().nonnegative().default(0),
  /** MiB that a step may take by its estimate: beyond, parts of the forward pass are computed twice. 0: as much as it takes. */
  memory: z.number().int().nonnegative().default(0),
  /** Trains what can be reached where a layer has no gradient; else such a layer is an error. */
  passOver: z.boolean().default(false),
  exclude: z.array(z.string()).readonly().default([]),
};

const temperature = z.number().min(0.1).max(100).default(4);

const matching = z.discriminatedUnion('match', [
  z.strictObject({ ...common, match: z.enum(['auto', 'features', 'layers', 'attention']) }),
  z.strictObject({ ...common, match: z.enum(['outputs', 'both']), temperature }),
  z.strictObject({
    ...common,
    match: z.literal('labels'),
    temperature,
    /** Weight of the labels beside the teacher's outputs, 0…1. */
    alpha: z.number().min(0).max(1).default(0.5),
  }),
]);

const fields: readonly StepField[] = [
  {
    key: 'preset',
    title: 'Preset',
    help: 'What the model has been through.',
    flag: '--preset <name>',
    control: 'choice',
    standard: 'pruned-cnn',
    choices: [
      {
        value: 'pruned-cnn',
        title: 'Recover a pruned CNN',
        help: 'Matches what the teacher computes before its last pooling; the classifier stays as it is.',
      },
      {
        value: 'pruned-transformer',
        title: 'Recover a pruned transformer',
        help: 'Matches the last hidden states and the outputs.',
      },
      {
        value: 'quantized',
        title: 'Quantization-aware',
        help: 'Trains weights and their steps (LSQ) through the rounding of a quantized model.',
      },
      {
        value: 'low-bit',
        title: 'Low-bit weights',
        help: 'The same for weights of four bits and fewer: hidden layers are matched as well.',
      },
      {
        value: 'blocks',
        title: 'Block by block',
        help: 'Each stretch of layers is matched to the teacher’s, those near the input first.',
      },
      {
        value: 'labels',
        title: 'Fine-tune on labels',
        help: 'Learns the labels of the data, with the teacher’s outputs beside them.',
      },
    ],
  },
  {
    key: 'teacher',
    title: 'Teacher',
    help: 'The model to learn from; left out, the one that the recipe begins with.',
    flag: '--teacher <file>',
    control: 'model',
  },
  {
    key: 'match',
    title: 'Match',
    help: 'What of the teacher the model is trained towards.',
    flag: '--match <what>',
    control: 'choice',
    standard: 'auto',
    choices: [
      { value: 'auto', title: 'As the preset', help: 'What suits the preset.' },
      { value: 'features', title: 'Features', help: 'What goes into the last pooling, or into the classifier.' },
      { value: 'outputs', title: 'Outputs', help: 'The softmax of the outputs, softened by a temperature.' },
      { value: 'both', title: 'Features and outputs', help: 'Both of them, in equal parts at the start.' },
      { value: 'layers', title: 'Hidden layers', help: 'What comes out of each block, beside the features.' },
      { value: 'attention', title: 'Attention maps', help: 'Where activity lies in each block, beside the features.' },
      { value: 'labels', title: 'Labels', help: 'The labels of the data, beside the teacher’s outputs.' },
    ],
  },
  {
    key: 'temperature',
    title: 'Temperature',
    help: 'Softens the outputs that are matched: more for small differences between unlikely classes.',
    flag: '--temperature <t>',
    control: 'number',
    minimum: 0.1,
    maximum: 100,
    when: { match: ['outputs', 'both', 'labels'] },
  },
  {
    key: 'alpha',
    title: 'Weight of the labels',
    help: 'Share of the loss that the labels have; the rest is the teacher’s.',
    flag: '--alpha <share>',
    control: 'share',
    when: { match: ['labels'] },
  },
  {
    key: 'iterations',
    title: 'Steps',
    help: 'Updates of the weights; fewer where the held-out part no longer improves.',
    flag: '--steps <n>',
    control: 'count',
    minimum: 1,
    unit: 'steps',
  },
  {
    key: 'batch',
    title: 'Batch',
    help: 'Samples in a step.',
    flag: '--batch <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
  },
  {
    key: 'rate',
    title: 'Learning rate',
    help: 'The largest one, from which it falls along a cosine; 0: found by a short test.',
    flag: '--rate <r>',
    control: 'number',
    minimum: 0,
    maximum: 1,
  },
  {
    key: 'augment',
    title: 'Augmentation',
    help: 'What is done to images so that few of them go further.',
    flag: '--augment <kind>',
    control: 'choice',
    choices: [
      { value: 'auto', title: 'What fits', help: 'What the teacher’s answers survive; nothing for other data.' },
      { value: 'none', title: 'None', help: 'Samples as they are.' },
      { value: 'shift', title: 'Shift', help: 'Moved by up to an eighth of their size.' },
      {
        value: 'warp',
        title: 'Shift, turn, stretch',
        help: 'Turned and sheared a little, in other sizes, brightness and contrast as well.',
      },
      { value: 'flip', title: 'Flip and shift', help: 'Mirrored left to right as well.' },
      { value: 'colour', title: 'Flip, shift, colour', help: 'Brightness and contrast vary as well.' },
    ],
  },
  {
    key: 'samples',
    title: 'Samples',
    help: 'How many samples are used, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 2,
    unit: 'samples',
  },
  {
    key: 'heldOut',
    title: 'Held out',
    help: 'Share of the samples that is not trained on and tells which state is the best.',
    flag: '--held-out <share>',
    control: 'share',
  },
  {
    key: 'seed',
    title: 'Seed',
    help: 'Draws batches, augmentation and what is held out.',
    flag: '--seed <n>',
    control: 'count',
    minimum: 0,
    unit: '',
  },
  {
    key: 'memory',
    title: 'Memory of a step',
    help: 'What a step may take, as it is estimated: where it needs more, parts of the forward pass are computed twice. 0: no limit.',
    flag: '--memory <mib>',
    control: 'count',
    minimum: 0,
    unit: 'MiB',
  },
  {
    key: 'passOver',
    title: 'Go on where it can',
    help: 'Trains what can be reached where a layer has no gradient, instead of refusing.',
    flag: '--pass-over',
    control: 'switch',
  },
  {
    key: 'exclude',
    title: 'Left alone',
    help: 'Layers whose weights stay as they are.',
    flag: '--exclude <layer>',
    control: 'layers',
  },
];

/** What is matched decides which settings there are. */
export const distillStepSchema = conditionalSettings(fields, matching);
export type DistillStep = z.infer<typeof distillStepSchema>;

const WORDS: Readonly<Record<DistillPreset, string>> = {
  'pruned-cnn': 'Distill',
  'pruned-transformer': 'Distill',
  quantized: 'Distill quantized',
  'low-bit': 'Distill low-bit',
  blocks: 'Distill blocks',
  labels: 'Fine-tune',
};

export const distillKind = defineStepKind<'distill', DistillStep>({
  kind: 'distill',
  title: 'Distill',
  help: 'Trains the model towards its original, on samples without labels.',
  schema: distillStepSchema,
  fields,
  needs: () => ({ calibration: true }),
  mustComeAfter: {},
  initial: {
    preset: 'pruned-cnn',
    teacher: '',
    match: 'auto',
    samples: 500,
    iterations: 600,
    batch: 64,
    rate: 0,
    augment: 'auto',
    heldOut: 0.1,
    seed: 0,
    memory: 0,
    passOver: false,
    exclude: [],
  },
  words: ({ preset, iterations, exclude }) => `${WORDS[preset]} ${iterations}×${exclusions(exclude)}`,
});
