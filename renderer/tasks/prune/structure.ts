/** What is said of cuts whose result nobody knows before they are made: whole blocks, and layers of low rank. */
import type { PruneResult } from '../../../main/contract/results.ts';
import { formatPercent } from '../../../main/judge/format.ts';

type Structure = 'block' | 'rank';

export const STRUCTURE_WORDS: Readonly<
  Record<Structure, { readonly before: string; readonly table: string; readonly column: string }>
> = {
  block: {
    before:
      'Which blocks go is told by the cut: one after the other, the model is tried without each. Nothing is predicted here; let the slider go, or measure, to see what is left.',
    table: 'Layers of the blocks that went',
    column: 'Stays',
  },
  rank: {
    before:
      'Which layers become two thinner ones, and of what rank, is told by the cut, on calibration data. Nothing is predicted here; let the slider go, or measure, to see what is left.',
    table: 'Layers of low rank',
    column: 'Rank',
  },
};

/** A layer that the cut changed. */
interface ChangedRow {
  readonly name: string;
  readonly op: string;
  /** "24 of 64"; without channels: "0 %". */
  readonly left: string;
}

/** Layers that a cut changed, in the order of the model. */
export function changedRows({ layers }: Pick<PruneResult, 'layers'>): readonly ChangedRow[] {
  return layers
    .filter(({ sparsity, channels }) => sparsity > 0 || (channels !== null && channels.after < channels.before))
    .map(({ name, op, sparsity, channels }) => ({
      name,
      op,
      left: channels === null ? formatPercent(1 - sparsity) : `${channels.after} of ${channels.before}`,
    }));
}

/** "9 layers became two of low rank." */
export function changedWords(structure: Structure, count: number): string {
  const layers = `${count} ${count === 1 ? 'layer' : 'layers'}`;
  if (structure === 'rank') return `${layers} became two of low rank each.`;
  return `${layers} went with ${count === 1 ? 'its' : 'their'} blocks.`;
}
