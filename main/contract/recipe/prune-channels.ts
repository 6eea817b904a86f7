/** Pruning of whole channels, with everything that shrinks with them: what a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

/** Share to keep, 0…1, neither end: nothing would be left, or nothing removed. */
const share = z.number().gt(0).lt(1);

const common = {
  structure: z.literal('channel'),
  /** How much of what is kept, predicted of the whole model; exactly one. */
  target: z.union([
    z.strictObject({ macs: share }),
    z.strictObject({ parameters: share }),
    z.strictObject({ bytes: share }),
    z.strictObject({ latency: share }),
  ]),
  /** Kept widths are multiples of this where the group is wide enough. */
  align: z.number().int().min(1).default(8),
  /** Channels that each group keeps at least. */
  minimum: z.number().int().min(1).default(8),
  /** Channels to keep of single groups, by the group's name; the target is met with the others. */
  widths: z.record(z.string(), z.number().int().min(1)).readonly().default({}),
  /** Layers whose channels all stay. */
  exclude: z.array(z.string()).readonly().default([]),
};

/** uniform: the same share of each group; global: scores are compared over all groups. */
const byScores = { scope: z.enum(['uniform', 'global']).default('uniform') };

const activationPruning = z.strictObject({
  ...common,
  ...byScores,
  score: z.literal('activation'),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(500),
});
export type ActivationPruning = z.infer<typeof activationPruning>;

const taylorPruning = z.strictObject({
  ...common,
  ...byScores,
  score: z.literal('taylor'),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(500),
});
export type TaylorPruning = z.infer<typeof taylorPruning>;

const obsPruning = z.strictObject({
  ...common,
  score: z.literal('obs'),
  /** optimal: the widths whose losses, measured one group at a time, add up to the least. */
  scope: z.enum(['optimal', 'uniform', 'global']).default('optimal'),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(500),
  /** Whether layers may also be written as two of low rank, where that loses less than fewer channels; with scope optimal. */
  lowRank: z.boolean().optional(),
  /** Ranks of single layers; where there are any, none are chosen. */
  ranks: z.record(z.string(), z.number().int().min(1)).readonly().optional(),
});
export type ObsPruning = z.infer<typeof obsPruning>;

export const channelPruning = z.discriminatedUnion('score', [
  z.strictObject({ ...common, ...byScores, score: z.enum(['l1', 'l2', 'bn-gamma', 'fpgm']) }),
  z.strictObject({ ...common, ...byScores, score: z.literal('random'), seed: z.number().int().min(0).default(0) }),
  activationPruning,
  taylorPruning,
  obsPruning,
]);
export type ChannelPruning = z.infer<typeof channelPruning>;

const channel = { structure: ['channel'] } as const;

const UNIFORM = { value: 'uniform', title: 'The same everywhere', help: 'The same share of each group.' };
const GLOBAL = { value: 'global', title: 'Where it matters least', help: 'Scores are compared over all groups.' };

export const channelFields: readonly StepField[] = [
  {
    key: 'target',
    title: 'Keep',
    help: 'How much of the model stays, and of what.',
    flag: '--keep <measure=share>',
    control: 'target',
    when: channel,
    suggested: { macs: 0.5 },
    measures: [
      { value: 'macs', title: 'MACs', help: 'Multiply–accumulates of one sample.' },
      { value: 'parameters', title: 'Parameters', help: 'Weights, biases and statistics.' },
      { value: 'bytes', title: 'File size', help: 'Bytes of the file.' },
      {
        value: 'latency',
        title: 'Latency',
        help: 'Time of one run on this machine, timed while the channels are chosen.',
      },
    ],
  },
  {
    key: 'score',
    title: 'Which go first',
    help: 'What tells how much a channel matters.',
    flag: '--score <score>',
    control: 'choice',
    when: channel,
    standard: 'l2',
    choices: [
      { value: 'l2', title: 'L2 norm', help: 'The root of the sum of squared weights.' },
      { value: 'l1', title: 'L1 norm', help: 'The sum of absolute weights.' },
      {
        value: 'bn-gamma',
        title: 'Scale of normalization',
        help: 'The scale that batch normalization gives a channel.',
      },
      { value: 'fpgm', title: 'Nearest to the others', help: 'Channels that the others can stand in for go first.' },
      {
        value: 'activation',
        title: 'What varies least',
        help: 'Channels that hardly vary on calibration data, as the layers behind them see it, go first.',
      },
      {
        value: 'taylor',
        title: 'What changes the outputs least',
        help: 'Channels along which the outputs hardly change, by gradients on calibration data, go first.',
      },
      {
        value: 'obs',
        title: 'What can be made up for',
        help: 'Channels go that the layers behind them can do without once they are fitted again; takes calibration data.',
      },
      { value: 'random', title: 'Any', help: 'Drawn by chance: what a good score must beat.' },
    ],
  },
  {
    key: 'scope',
    title: 'Scope',
    help: 'How much goes where.',
    flag: '--scope <scope>',
    control: 'choice',
    when: { ...channel, score: ['l1', 'l2', 'bn-gamma', 'fpgm', 'activation', 'taylor', 'random'] },
    choices: [UNIFORM, GLOBAL],
  },
  {
    key: 'scope',
    title: 'Scope',
    help: 'How much goes where.',
    flag: '--scope <scope>',
    control: 'choice',
    when: { ...channel, score: ['obs'] },
    standard: 'optimal',
    choices: [
      {
        value: 'optimal',
        title: 'Where it costs least',
        help: 'Each group is cut alone to several widths and measured at the output; the best sum is taken.',
      },
      UNIFORM,
      GLOBAL,
    ],
  },
  {
    key: 'lowRank',
    title: 'Low rank too',
    help: 'Layers may also become two thinner ones, where that loses less at the output than fewer channels do; takes about three times as long.',
    flag: '--low-rank',
    control: 'switch',
    when: { ...channel, score: ['obs'], scope: ['optimal'] },
    standard: false,
  },
  {
    key: 'ranks',
    title: 'Ranks',
    help: 'Ranks of single layers that become two; where any is given, none are chosen.',
    flag: '--rank <layer=n>',
    control: 'counts',
    minimum: 1,
    unit: 'channels',
    when: { ...channel, score: ['obs'], scope: ['optimal'], lowRank: [true] },
  },
  {
    key: 'samples',
    title: 'Calibration samples',
    help: 'How many samples the choice is made on, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
    when: { ...channel, score: ['activation', 'taylor', 'obs'] },
  },
  {
    key: 'seed',
    title: 'Seed',
    help: 'The same seed draws the same channels.',
    flag: '--seed <n>',
    control: 'count',
    minimum: 0,
    unit: 'seeds',
    when: { ...channel, score: ['random'] },
  },
  {
    key: 'align',
    title: 'Multiples of',
    help: 'Kept widths are multiples of this: kernels are fast at such widths only.',
    flag: '--align <n>',
    control: 'count',
    minimum: 1,
    unit: 'channels',
    when: channel,
  },
  {
    key: 'minimum',
    title: 'At least',
    help: 'Channels that each group keeps at least.',
    flag: '--minimum <n>',
    control: 'count',
    minimum: 1,
    unit: 'channels',
    when: channel,
  },
  {
    key: 'widths',
    title: 'Kept widths',
    help: 'Channels to keep of single groups; the target is met with the others.',
    flag: '--width <group=n>',
    control: 'counts',
    minimum: 1,
    unit: 'channels',
    when: channel,
  },
];

const MEASURES = { macs: 'MACs', parameters: 'parameters', bytes: 'size', latency: 'latency' } as const;

/** "Channels to 50 % MACs", "Channels to 50 % MACs, global fpgm". */
export function channelWords(step: ChannelPruning): string {
  const { target, score, scope, exclude } = step;
  const [[measure, kept]] = Object.entries(target) as [[keyof typeof MEASURES, number]];
  const usual = score === 'obs' ? 'optimal' : 'uniform';
  const how = [scope === usual ? '' : scope, score === 'l2' ? '' : score].filter((word) => word !== '').join(' ');
  const percent = Number((kept * 100).toFixed(1));
  const what = 'lowRank' in step && step.lowRank === true ? 'Channels and ranks' : 'Channels';
  return `${what} to ${percent} % ${MEASURES[measure]}${how === '' ? '' : `, ${how}`}${exclusions(exclude)}`;
}
