/** What the recipe's editor knows of each kind of step: its name and its settings, from which the form is made. */
import type { StepKind } from '../../state/recipe-draft.ts';

/** One setting of a step. */
export type StepField =
  | { readonly type: 'share'; readonly key: string; readonly title: string; readonly help: string }
  | { readonly type: 'count'; readonly key: string; readonly title: string; readonly help: string }
  | { readonly type: 'switch'; readonly key: string; readonly title: string; readonly help: string }
  | { readonly type: 'layers'; readonly key: string; readonly title: string; readonly help: string }
  | {
      readonly type: 'choice';
      readonly key: string;
      readonly title: string;
      readonly help: string;
      readonly choices: readonly { readonly value: string | boolean; readonly title: string }[];
    };

export interface StepDescription {
  readonly kind: StepKind;
  readonly title: string;
  readonly help: string;
  readonly fields: readonly StepField[];
}

export const STEP_KINDS: readonly StepDescription[] = [
  {
    kind: 'prune',
    title: 'Prune',
    help: 'Sets the smallest weights to zero.',
    fields: [
      { type: 'share', key: 'sparsity', title: 'Sparsity', help: 'Share of the prunable weights that become zero.' },
      {
        type: 'choice',
        key: 'scope',
        title: 'Scope',
        help: 'One threshold over all layers, or the same share in each.',
        choices: [
          { value: 'global', title: 'Global' },
          { value: 'layer', title: 'Per layer' },
        ],
      },
      { type: 'layers', key: 'exclude', title: 'Frozen layers', help: 'Their weights stay as they are.' },
    ],
  },
  {
    kind: 'quantize',
    title: 'Int8 (static)',
    help: 'Weights in int8, activations in uint8 with ranges found on calibration data.',
    fields: [
      {
        type: 'choice',
        key: 'calibrator',
        title: 'Calibrator',
        help: 'How the range of each activation is found. Min–max: the smallest and largest value seen.',
        choices: [{ value: 'minmax', title: 'Min–max' }],
      },
      { type: 'count', key: 'samples', title: 'Samples', help: 'Calibration samples, from the start of the data.' },
      {
        type: 'switch',
        key: 'perChannel',
        title: 'Per channel',
        help: 'One scale for each output channel of a weight instead of one for all: nearly always better, at no cost.',
      },
      {
        type: 'choice',
        key: 'reduceRange',
        title: 'Reduce range',
        help: 'Weights in 7 bits. Without VNNI, int8 kernels add pairs of products in 16 bits, and 8-bit weights can overflow there; auto reduces on such CPUs only.',
        choices: [
          { value: 'auto', title: 'Auto' },
          { value: true, title: 'On' },
          { value: false, title: 'Off' },
        ],
      },
      { type: 'layers', key: 'exclude', title: 'Float layers', help: 'Left in float.' },
    ],
  },
];

/** The description of a kind. */
export function describeKind(kind: StepKind): StepDescription {
  return STEP_KINDS.find((description) => description.kind === kind)!;
}
