/** Pruning of whole residual blocks: what a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

const share = z.number().gt(0).lt(1);

const common = {
  structure: z.literal('block'),
  /** How much of what is kept of the whole model; exactly one. */
  target: z.union([
    z.strictObject({ macs: share }),
    z.strictObject({ parameters: share }),
    z.strictObject({ bytes: share }),
    z.strictObject({ latency: share }),
  ]),
  /** Layers whose blocks stay. */
  exclude: z.array(z.string()).readonly().default([]),
};

export const blockPruning = z.discriminatedUnion('score', [
  /** Samples from the start of the calibration data. */
  z.strictObject({ ...common, score: z.literal('output'), samples: z.number().int().positive().default(64) }),
  z.strictObject({ ...common, score: z.literal('repaired'), samples: z.number().int().positive().default(128) }),
  z.strictObject({ ...common, score: z.literal('random'), seed: z.number().int().min(0).default(0) }),
]);
export type BlockPruning = z.infer<typeof blockPruning>;

const block = { structure: ['block'] } as const;

export const blockFields: readonly StepField[] = [
  {
    key: 'target',
    title: 'Keep',
    help: 'How much of the model stays, and of what.',
    flag: '--keep <measure=share>',
    control: 'target',
    when: block,
    suggested: { macs: 0.75 },
    measures: [
      { value: 'macs', title: 'MACs', help: 'Multiply–accumulates of one sample.' },
      { value: 'parameters', title: 'Parameters', help: 'Weights, biases and statistics.' },
      { value: 'bytes', title: 'File size', help: 'Bytes of the stored weights.' },
      { value: 'latency', title: 'Latency', help: 'Time of one run on this machine, timed without each block.' },
    ],
  },
  {
    key: 'score',
    title: 'Which go first',
    help: 'What tells how much a block matters.',
    flag: '--score <score>',
    control: 'choice',
    when: block,
    standard: 'output',
    choices: [
      {
        value: 'output',
        title: 'What the output loses',
        help: 'The change of the output without the block, for what the block costs.',
      },
      {
        value: 'repaired',
        title: 'What repair does not bring back',
        help: 'The same after the other layers are fitted again, for the most promising blocks: slower, for a recipe with repair.',
      },
      { value: 'random', title: 'Any', help: 'Drawn by chance: what a good score must beat.' },
    ],
  },
  {
    key: 'samples',
    title: 'Calibration samples',
    help: 'How many samples the outputs are compared on, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
    when: { ...block, score: ['output', 'repaired'] },
  },
  {
    key: 'seed',
    title: 'Seed',
    help: 'The same seed draws the same blocks.',
    flag: '--seed <n>',
    control: 'count',
    minimum: 0,
    unit: 'seeds',
    when: { ...block, score: ['random'] },
  },
];

const MEASURES = { macs: 'MACs', parameters: 'parameters', bytes: 'size', latency: 'latency' } as const;

/** "Blocks to 75 % MACs", "Blocks to 75 % MACs, random". */
export function blockWords({ target, score, exclude }: BlockPruning): string {
  const [[measure, kept]] = Object.entries(target) as [[keyof typeof MEASURES, number]];
  const percent = Number((kept * 100).toFixed(1));
  return `Blocks to ${percent} % ${MEASURES[measure]}${score === 'output' ? '' : `, ${score}`}${exclusions(exclude)}`;
}
