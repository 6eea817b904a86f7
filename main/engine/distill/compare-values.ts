import { numbersOf } from '../dataset/model-outputs.ts';
import type { KeptChannels, Lineage } from '../prune/lineage.ts';
import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';
import { fitAdaptor } from './fit-adaptor.ts';
import { matchChannels, type ChannelValues } from './match-channels.ts';
import type { Match } from './match.ts';
import type { MatchPlan, PlannedMatch } from './plan-matches.ts';
import { shapeMatches } from './shapes.ts';

/** What is compared, and which channels of the teacher's values the student has. */
export interface ComparedValues {
  readonly matches: readonly Match[];
  /** By the teacher's value. */
  readonly kept: ReadonlyMap<string, readonly KeptChannels[]>;
  readonly notes: readonly string[];
}

/**
 * Puts values of student and teacher beside each other. Channels that pruning took are known from the lineage; of a pruned file without
 * one they are told by their values. Where the teacher simply has others, a matrix is fitted between them; if that is so before the
 * classifier, the outputs are matched as well: else nothing would hold the features to what the classifier makes of them.
 * @param given what both give on the same samples
 * @throws SHAPE_MISMATCH, CANCELLED
 */
export async function compareValues(
  plan: MatchPlan,
  given: { readonly student: HostTensors; readonly teacher: HostTensors },
  { lineage, signal }: { readonly lineage: Lineage | undefined; readonly signal: AbortSignal },
): Promise<ComparedValues> {
  const kept = new Map(lineage?.kept ?? []);
  const found: number[] = [];
  for (const { kind, student, teacher } of plan.matches) {
    if (kind !== 'values' || kept.has(teacher)) continue;
    const [ours, theirs] = [valuesOf(given.student[student]!), valuesOf(given.teacher[teacher]!)];
    const axis = onlyDifference(ours.dims, theirs.dims);
    const same = axis === undefined ? undefined : matchChannels(ours, theirs, axis);
    if (same === undefined) continue;
    kept.set(teacher, [{ axis: same.axis, indices: same.indices }]);
    found.push(same.correlation);
  }
  const cuts = ({ teacher }: PlannedMatch): readonly KeptChannels[] => kept.get(teacher) ?? [];
  const shaped = shapeMatches(plan.matches, given, cuts);
  const matches = await Promise.all(
    shaped.map(async (match): Promise<Match> => {
      const { kind, axis, dims, targetDims, student, teacher } = match;
      if (kind !== 'values' || dims[axis] === targetDims[axis]) return match;
      const values = [valuesOf(given.student[student]!), valuesOf(given.teacher[teacher]!)] as const;
      return { ...match, adaptor: await fitAdaptor(...values, { axis, signal }) };
    }),
  );
  const notes = found.length === 0 ? [] : [foundNote(found)];
  const loose = matches.some(({ student, adaptor }) => student === plan.head.feature && adaptor !== undefined);
  if (!loose || matches.some(({ kind }) => kind === 'outputs' || kind === 'labels')) return { matches, kept, notes };
  const [scores] = shapeMatches([{ kind: 'outputs', ...plan.scores, share: 0.5 }], given, cuts);
  return {
    matches: [...matches.map((match) => ({ ...match, share: match.share / 2 })), scores!],
    kept,
    notes: [...notes, 'The teacher has other channels before its classifier: the outputs are matched as well.'],
  };
}

function foundNote(correlations: readonly number[]): string {
  const mean = correlations.reduce((sum, value) => sum + value, 0) / correlations.length;
  return `Which channels of the teacher are left was told by their values on samples (correlation ${mean.toFixed(2)}).`;
}

const valuesOf = (tensor: HostTensor): ChannelValues => ({ dims: tensor.dims, data: numbersOf(tensor) });

/** The only axis in which two shapes differ, beside the batch; undefined: there is none, or more. */
function onlyDifference(dims: readonly number[], others: readonly number[]): number | undefined {
  if (dims.length !== others.length) return undefined;
  const axes = dims.flatMap((size, axis) => (axis > 0 && size !== others[axis] ? [axis] : []));
  return axes.length === 1 ? axes[0] : undefined;
}
