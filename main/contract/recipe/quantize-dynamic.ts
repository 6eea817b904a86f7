/** Dynamic quantization: weights in 8 bits, activations by what each run brings. What a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

export const int8Dynamic = z.strictObject({
  scheme: z.literal('int8-dynamic'),
  perChannel: z.boolean().default(true),
  /** true: weights in 7 bits; 'auto': where sums would saturate. A recipe kept with a trial holds the resolved value. */
  reduceRange: z.union([z.boolean(), z.literal('auto')]).default('auto'),
  /** Whether convolutions compute in integers too. */
  convolutions: z.boolean().default(false),
  exclude: z.array(z.string()).readonly().default([]),
});
export type DynamicStep = z.infer<typeof int8Dynamic>;

const when = { scheme: ['int8-dynamic'] } as const;

export const dynamicScheme = {
  value: 'int8-dynamic',
  title: 'int8, dynamic',
  help: '8-bit weights; activations become 8 bits while the model runs, each time by their own range: takes no data.',
} as const;

export const dynamicFields: readonly StepField[] = [
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
    key: 'convolutions',
    title: 'Convolutions too',
    help: 'Convolutions compute in integers as well: smaller, and on CPUs mostly slower than in float.',
    flag: '--convolutions',
    control: 'switch',
    when,
  },
];

/** "int8 dynamic", "int8 dynamic with convolutions, per tensor". */
export function dynamicWords({ perChannel, reduceRange, convolutions, exclude }: DynamicStep): string {
  const details = [
    convolutions ? ' with convolutions' : '',
    perChannel ? '' : ' per tensor',
    reduceRange === true ? ' 7-bit weights' : '',
  ];
  return `int8 dynamic${details.join('')}${exclusions(exclude)}`;
}
