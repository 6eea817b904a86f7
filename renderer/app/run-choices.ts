import type { ValueRef } from '../../main/contract/results.ts';
import type { Choice } from './Chooser.tsx';

/** Automatic, then 1, 2, 4 … up to the number of cores. */
export function threadChoices(cores: number): readonly Choice<number | null>[] {
  const counts: number[] = [];
  for (let count = 1; count < cores; count *= 2) counts.push(count);
  counts.push(Math.max(1, cores));
  return [
    { value: null, label: 'auto', note: 'physical cores' },
    ...counts.map((count) => ({ value: count, label: String(count) })),
  ];
}

/** 1, 2, 4 … 128, and whatever is chosen now. */
export function batchChoices(chosen: number): readonly Choice<number>[] {
  const sizes = new Set([1, 2, 4, 8, 16, 32, 64, 128, chosen]);
  return [...sizes].sort((a, b) => a - b).map((size) => ({ value: size, label: String(size) }));
}

/** Names of the symbolic dimensions of the inputs, in the order of their coming. */
export function freeDimensions(inputs: readonly ValueRef[]): readonly string[] {
  return [...new Set(inputs.flatMap((input) => input.shape ?? []).filter((dim) => typeof dim === 'string'))];
}
