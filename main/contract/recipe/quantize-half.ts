/** Half precision: what a recipe can say of it. */
import { z } from 'zod';
import { exclusions } from './step-kind.ts';

export const float16Scheme = z.strictObject({
  scheme: z.literal('float16'),
  exclude: z.array(z.string()).readonly().default([]),
});
export type HalfStep = z.infer<typeof float16Scheme>;

export const halfScheme = {
  value: 'float16',
  title: 'float16',
  help: 'Weights and activations in half precision: half the size, faster on graphics cards, not on most CPUs.',
} as const;

/** "float16". */
export function halfWords({ exclude }: HalfStep): string {
  return `float16${exclusions(exclude)}`;
}
