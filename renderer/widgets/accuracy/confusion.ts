import { formatCount, formatPercent } from '../../../main/judge/format.ts';

/** A confusion matrix made ready to be looked at. */
export interface Confusion {
  /** counts[truth][prediction], samples. */
  readonly counts: readonly (readonly number[])[];
  /** Names by index; "class 3" where the data name none. */
  readonly names: readonly string[];
  /** Samples of each true class. */
  readonly truths: readonly number[];
  /** Times each class was predicted. */
  readonly predictions: readonly number[];
}

/** How one class fares. */
export interface ClassAccuracy {
  readonly index: number;
  readonly name: string;
  readonly samples: number;
  readonly correct: number;
  /** Share of the class's samples that were found (recall), 0…1; null without samples. */
  readonly accuracy: number | null;
  /** Share of the class's predictions that were right, 0…1; null when it was never predicted. */
  readonly precision: number | null;
}

/** Samples of one class taken for another. */
export interface ConfusedPair {
  readonly truth: number;
  readonly prediction: number;
  readonly count: number;
  /** Of the true class's samples, 0…1. */
  readonly share: number;
}

/** A cell: its row is the true class, its column the predicted one. */
export interface ConfusionCell {
  readonly truth: number;
  readonly prediction: number;
}

/** Adds names and sums to the counts of an evaluation (rows: truth; columns: prediction). */
export function confusionOf(counts: readonly (readonly number[])[], classes: readonly string[]): Confusion {
  const predictions = counts.map((_, column) => counts.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  return {
    counts,
    names: counts.map((_, index) => classes[index] ?? `class ${index}`),
    truths: counts.map((row) => row.reduce((sum, count) => sum + count, 0)),
    predictions,
  };
}

/** Accuracy and precision of every class, in the order of the classes. */
export function classAccuracies({ counts, names, truths, predictions }: Confusion): readonly ClassAccuracy[] {
  return names.map((name, index) => {
    const correct = counts[index]?.[index] ?? 0;
    const samples = truths[index] ?? 0;
    const predicted = predictions[index] ?? 0;
    return {
      index,
      name,
      samples,
      correct,
      accuracy: samples === 0 ? null : correct / samples,
      precision: predicted === 0 ? null : correct / predicted,
    };
  });
}

/** Pairs of classes that were mistaken at least once, the most frequent first; ties in the order of the classes. */
export function confusedPairs({ counts, truths }: Confusion): readonly ConfusedPair[] {
  const pairs: ConfusedPair[] = [];
  counts.forEach((row, truth) =>
    row.forEach((count, prediction) => {
      if (count > 0 && truth !== prediction)
        pairs.push({ truth, prediction, count, share: count / (truths[truth] ?? count) });
    }),
  );
  return pairs.sort((a, b) => b.count - a.count || b.share - a.share);
}

/** The share of the row that a cell holds, 0…1; null for a class without samples. */
export function shareOf({ counts, truths }: Confusion, { truth, prediction }: ConfusionCell): number | null {
  const samples = truths[truth] ?? 0;
  return samples === 0 ? null : (counts[truth]?.[prediction] ?? 0) / samples;
}

/** A cell in words: "B taken for 8: 12 of 40 samples of B, 30 %". */
export function describeCell(confusion: Confusion, cell: ConfusionCell): string {
  const { names, truths, counts } = confusion;
  const truth = names[cell.truth] ?? '';
  const prediction = names[cell.prediction] ?? '';
  const of = truths[cell.truth] ?? 0;
  const share = shareOf(confusion, cell);
  const what = cell.truth === cell.prediction ? `${truth} recognized` : `${truth} taken for ${prediction}`;
  if (share === null) return `${truth}: no samples of this class`;
  return `${what}: ${formatCount(counts[cell.truth]?.[cell.prediction] ?? 0)} of ${formatCount(of)} samples of ${truth}, ${formatPercent(share)}`;
}

/** Where a key leads from a cell; null for keys that mean nothing here. */
export function moveInMatrix(cell: ConfusionCell, key: string, size: number): ConfusionCell | null {
  const { truth, prediction } = cell;
  const to: Readonly<Record<string, ConfusionCell>> = {
    ArrowUp: { truth: truth - 1, prediction },
    ArrowDown: { truth: truth + 1, prediction },
    ArrowLeft: { truth, prediction: prediction - 1 },
    ArrowRight: { truth, prediction: prediction + 1 },
    Home: { truth, prediction: 0 },
    End: { truth, prediction: size - 1 },
    PageUp: { truth: 0, prediction },
    PageDown: { truth: size - 1, prediction },
  };
  const next = to[key];
  if (next === undefined) return null;
  const clamp = (at: number): number => Math.min(Math.max(at, 0), size - 1);
  return { truth: clamp(next.truth), prediction: clamp(next.prediction) };
}
