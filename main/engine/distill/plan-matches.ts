import type { DistillMatch, DistillPreset } from '../../contract/recipe/distill.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { waists } from '../layers/waists.ts';
import { findHead, type Head } from './points.ts';

/** What is matched where a step leaves that to its preset. */
const OF_PRESET: Readonly<Record<DistillPreset, Exclude<DistillMatch, 'auto'>>> = {
  'pruned-cnn': 'features',
  'pruned-transformer': 'both',
  quantized: 'features',
  'low-bit': 'layers',
  blocks: 'layers',
  labels: 'labels',
};

export function matchOf(preset: DistillPreset, match: DistillMatch): Exclude<DistillMatch, 'auto'> {
  return match === 'auto' ? OF_PRESET[preset] : match;
}

/** Two values to be compared, before their shapes are known. */
export interface PlannedMatch {
  readonly kind: 'values' | 'attention' | 'outputs' | 'labels';
  readonly student: string;
  readonly teacher: string;
  readonly share: number;
}

export interface MatchPlan {
  readonly matches: readonly PlannedMatch[];
  /** The scores of both, before a softmax at the end. */
  readonly scores: { readonly student: string; readonly teacher: string };
  readonly head: Head;
  /** What a user should know. */
  readonly notes: readonly string[];
}

/** Points taken at most: each one costs memory and time. */
const MOST = 12;

/** At most so many of them, evenly spaced. */
function spread(values: readonly string[]): readonly string[] {
  if (values.length <= MOST) return values;
  return Array.from({ length: MOST }, (_, k) => values[Math.round(((k + 1) * values.length) / MOST) - 1]!);
}

/** Share of the hidden layers in the loss, the rest is the features'. */
const HIDDEN_SHARE = 0.5;

/**
 * Chooses the values of student and teacher that are compared. Values of one name are the same value: pruning and quantization
 * keep names. A teacher that names its values otherwise is met at the head, and at hidden layers where both have equally many.
 * @param outputs of the scores in each model
 */
export function planMatches(
  student: Model,
  teacher: Model,
  {
    match,
    alpha,
    outputs,
  }: {
    readonly match: Exclude<DistillMatch, 'auto'>;
    readonly alpha: number;
    readonly outputs: { readonly student: string; readonly teacher: string };
  },
): MatchPlan {
  const head = findHead(student.graph, outputs.student);
  const theirs = findHead(teacher.graph, outputs.teacher);
  const index = indexGraph(teacher.graph);
  const has = (value: string): boolean => index.producer(value) !== undefined;
  const feature = {
    kind: 'values',
    student: head.feature,
    teacher: has(head.feature) ? head.feature : theirs.feature,
  } as const;
  const scores = { student: head.logits, teacher: theirs.logits } as const;
  const divergence = { kind: 'outputs', ...scores } as const;
  switch (match) {
    case 'features':
      return { matches: [{ ...feature, share: 1 }], scores, head, notes: [] };
    case 'outputs':
      return { matches: [{ ...divergence, share: 1 }], scores, head, notes: [] };
    case 'both': {
      const matches = [
        { ...feature, share: 0.5 },
        { ...divergence, share: 0.5 },
      ];
      return { matches, scores, head, notes: [] };
    }
    case 'labels': {
      const matches = [{ kind: 'labels', ...scores, share: alpha } as const, { ...divergence, share: 1 - alpha }];
      return { matches: matches.filter(({ share }) => share > 0), scores, head, notes: [] };
    }
    case 'layers':
    case 'attention': {
      const own = spread(waists(student.graph, head.feature));
      const others = spread(waists(teacher.graph, theirs.feature));
      const pairs = own.flatMap((value, at) => {
        const counterpart = has(value) ? value : own.length === others.length ? others[at] : undefined;
        return counterpart === undefined ? [] : [{ student: value, teacher: counterpart }];
      });
      const kind = match === 'layers' ? 'values' : 'attention';
      const share = pairs.length === 0 ? 0 : HIDDEN_SHARE / pairs.length;
      const matches = [
        ...pairs.map((pair) => ({ kind, ...pair, share }) as const),
        { ...feature, share: pairs.length === 0 ? 1 : 1 - HIDDEN_SHARE },
      ];
      const notes = pairs.length === 0 ? ['No hidden layers could be matched: only the features are.'] : [];
      return { matches, scores, head, notes };
    }
  }
}
