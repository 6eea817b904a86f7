/** Keys and values that attention keeps between runs, as codes. What a recipe can say of it. */
import { z } from 'zod';
import { exclusions, type StepField } from './step-kind.ts';

export const kvCache = z.strictObject({
  scheme: z.literal('kv-cache'),
  cacheBits: z.union([z.literal(8), z.literal(4)]).default(8),
  /** One scale for each channel of each head; else one for all keys of a layer, and one for all values. */
  perChannel: z.boolean().default(true),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(32),
  exclude: z.array(z.string()).readonly().default([]),
});
export type CacheStep = z.infer<typeof kvCache>;

const when = { scheme: ['kv-cache'] } as const;

export const cacheScheme = {
  value: 'kv-cache',
  title: 'Cache of attention',
  help: 'Keys and values that attention keeps between runs become codes: a quarter of the memory or less. Changes the types of these inputs and outputs.',
} as const;

export const cacheFields: readonly StepField[] = [
  {
    key: 'cacheBits',
    title: 'Bits of the cache',
    help: 'How fine the codes of keys and values are; with 4 bits two of them share a byte.',
    flag: '--cache-bits <bits>',
    control: 'choice',
    when,
    choices: [
      { value: 8, title: '8 bits', help: 'A quarter of the memory; hardly any error.' },
      { value: 4, title: '4 bits', help: 'An eighth of the memory.' },
    ],
  },
  {
    key: 'perChannel',
    title: 'Scale for each channel',
    help: 'One scale for each channel of each head, not one for all keys of a layer: keys differ much by channel.',
    flag: '--per-tensor',
    turnsOff: true,
    control: 'switch',
    when,
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

/** "8-bit cache", "4-bit cache per tensor". */
export function cacheWords({ cacheBits, perChannel, exclude }: CacheStep): string {
  return `${cacheBits}-bit cache${perChannel ? '' : ' per tensor'}${exclusions(exclude)}`;
}
