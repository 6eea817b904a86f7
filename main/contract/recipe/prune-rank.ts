/** Low rank: layers written as two thinner ones; what a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

const share = z.number().gt(0).lt(1);

export const rankPruning = z.strictObject({
  structure: z.literal('rank'),
  /** How much of what is kept of the whole model; exactly one. */
  target: z.union([
    z.strictObject({ macs: share }),
    z.strictObject({ parameters: share }),
    z.strictObject({ bytes: share }),
    z.strictObject({ latency: share }),
  ]),
  /** Ranks are multiples of this. */
  align: z.number().int().min(1).default(8),
  /** Samples from the start of the calibration data. */
  samples: z.number().int().positive().default(128),
  /** Ranks of single layers; where there are any, none are chosen. */
  ranks: z.record(z.string(), z.number().int().min(1)).readonly().default({}),
  /** Layers that stay as they are. */
  exclude: z.array(z.string()).readonly().default([]),
});
export type RankPruning = z.infer<typeof rankPruning>;

const rank = { structure: ['rank'] } as const;

export const rankFields: readonly StepField[] = [
  {
    key: 'target',
    title: 'Keep',
    help: 'How much of the model stays, and of what.',
    flag: '--keep <measure=share>',
    control: 'target',
    when: rank,
    suggested: { macs: 0.75 },
    measures: [
      { value: 'macs', title: 'MACs', help: 'Multiply–accumulates of one sample.' },
      { value: 'parameters', title: 'Parameters', help: 'Weights, biases and statistics.' },
      { value: 'bytes', title: 'File size', help: 'Bytes of the stored weights.' },
      { value: 'latency', title: 'Latency', help: 'Time of one run on this machine, timed while ranks are chosen.' },
    ],
  },
  {
    key: 'align',
    title: 'Multiples of',
    help: 'Ranks are multiples of this: kernels are fast at such widths only.',
    flag: '--align <n>',
    control: 'count',
    minimum: 1,
    unit: 'channels',
    when: rank,
  },
  {
    key: 'samples',
    title: 'Calibration samples',
    help: 'How many samples the layers are looked at on, from the start of the calibration data.',
    flag: '--samples <n>',
    control: 'count',
    minimum: 1,
    unit: 'samples',
    when: rank,
  },
  {
    key: 'ranks',
    title: 'Ranks',
    help: 'Ranks of single layers that become two; where any is given, none are chosen.',
    flag: '--rank <layer=n>',
    control: 'counts',
    minimum: 1,
    unit: 'channels',
    when: rank,
  },
];

const MEASURES = { macs: 'MACs', parameters: 'parameters', bytes: 'size', latency: 'latency' } as const;

/** "Low rank to 75 % MACs". */
export function rankWords({ target, exclude }: RankPruning): string {
  const [[measure, kept]] = Object.entries(target) as [[keyof typeof MEASURES, number]];
  return `Low rank to ${Number((kept * 100).toFixed(1))} % ${MEASURES[measure]}${exclusions(exclude)}`;
}
