import { classesOf, numbersOf } from '../dataset/model-outputs.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { Counted } from './train.ts';

/** The largest class of each row of scores; null where the output is no row of scores. */
export function answersOf(scores: HostTensor): Int32Array | null {
  const classes = classesOf(scores.dims);
  if (classes === undefined) return null;
  const values = numbersOf(scores);
  return Int32Array.from({ length: values.length / classes }, (_, row) => {
    let best = row * classes;
    for (let at = best + 1; at < (row + 1) * classes; at++) if (values[at]! > values[best]!) best = at;
    return best - row * classes;
  });
}

/** How many answers are the same; null where either is none. */
export function countEqual(a: ArrayLike<number> | null, b: ArrayLike<number> | null): Counted | null {
  if (a === null || b === null || a.length !== b.length) return null;
  let hits = 0;
  for (let at = 0; at < a.length; at++) if (a[at] === b[at]) hits++;
  return { hits, samples: a.length };
}
