/** Models that a search makes: everything in int8 after some steps, or some groups of layers otherwise; or weights alone in codes. Pure. */
import type { Recipe, RecipeStep } from '../../contract/recipe/recipe.ts';
import { equalizeKind } from '../../contract/recipe/equalize.ts';
import { quantizeKind, type QuantizeStep } from '../../contract/recipe/quantize.ts';
import { int8Static, type Int8StaticStep } from '../../contract/recipe/quantize-static.ts';
import type { SearchSpace, Proposal } from './search-space.ts';

/** A model that may be made: what comes before quantization, and how it is quantized. */
export interface Choice {
  readonly before: readonly RecipeStep[];
  readonly step: QuantizeStep;
  /** What was done beside rounding, by what it is about: a later repair of the same takes its place. */
  readonly repairs: Readonly<Record<string, string>>;
}

/** One that runs in int8. */
export interface IntegerChoice extends Choice {
  readonly step: Int8StaticStep;
}

/** The recipe of a choice. */
export function recipeOf({ before, step }: Pick<Choice, 'before' | 'step'>): Recipe {
  return { version: 2, steps: [...before, { quantize: step }] };
}

type Calibrator = Int8StaticStep['calibrator'];

/** Ways to find ranges from one pass over the data, in the order in which they are tried. */
export const CALIBRATORS = ['minmax', 'mse', 'percentile', 'entropy'] as const satisfies readonly Calibrator[];

const TITLES: Readonly<Record<(typeof CALIBRATORS)[number], string>> = {
  minmax: 'ranges from smallest to largest',
  mse: 'ranges by least squared error',
  percentile: 'ranges by percentile',
  entropy: 'ranges by entropy',
};

/** Everything in int8, with ranges found in this way. */
export function wholeChoice(calibrator: (typeof CALIBRATORS)[number], samples: number): IntegerChoice {
  const step = int8Static.parse({ scheme: 'int8-static', calibrator, samples });
  return { before: [], step, repairs: { ranges: TITLES[calibrator] } };
}

/** "all in int8, ranges by percentile, layers equalized"; what is not all in int8 says so itself. */
export function nameOf({ repairs }: Choice, precisions = 'all in int8'): string {
  return [precisions, ...Object.values(repairs)].join(', ');
}

/** Something that makes a quantized model lose less. */
export interface Repair {
  /** Of repairs with one key a choice has the last. */
  readonly key: string;
  readonly apply: (choice: IntegerChoice) => IntegerChoice;
}

const setting = (title: string, settings: Partial<Omit<Int8StaticStep, 'calibrator'>>): Repair => ({
  key: Object.keys(settings).join(),
  apply: ({ before, step, repairs }) => ({
    before,
    step: int8Static.parse({ ...step, ...settings }),
    repairs: { ...repairs, [Object.keys(settings).join()]: title },
  }),
});

const equalizing = (
  title: string,
  settings: { readonly method: 'cross-layer' } | { readonly method: 'smooth'; readonly shift: boolean },
): Repair => ({
  key: settings.method,
  apply: ({ before, step, repairs }) => ({
    before: [...before, { equalize: equalizeKind.schema.parse({ ...settings, samples: Math.min(64, step.samples) }) }],
    step,
    repairs: { ...repairs, [settings.method]: title },
  }),
});

/**
 * What is tried with everything in int8 before any layer goes back to float, in this order; each stays where it helps. All but
 * the last cost no time when the model runs.
 * @param vnni whether sums of 8-bit products are exact on this CPU; null: not known
 */
export function quickRepairs(vnni: boolean | null): readonly Repair[] {
  return [
    // Without VNNI weights have 7 bits; codes whose sums never saturate keep all 8.
    ...(vnni === true ? [] : [setting('unsigned codes', { types: 'u8u8' })]),
    setting('biases corrected by means', { biasCorrection: 'fast' }),
    setting('biases corrected layer by layer', { biasCorrection: 'empirical' }),
    setting('weights rounded in turn', { rounding: 'gptq' }),
    equalizing('layers equalized', { method: 'cross-layer' }),
    // Centred channels cost nothing where they were centred before, and what smoothing alone cannot mend where not.
    equalizing('data centred and smoothed', { method: 'smooth', shift: true }),
    setting('images in two codes', { splitInputs: true }),
  ];
}

/** Ranges by what they cost at the outputs, in the place of those from one pass. */
const rangesByOutputs: Repair = {
  key: 'ranges',
  apply: ({ before, step, repairs }) => {
    const { percentile: _percentile, ...others } = { percentile: undefined, ...step };
    return {
      before,
      step: int8Static.parse({ ...others, calibrator: 'logits' }),
      repairs: { ...repairs, ranges: BY_OUTPUTS },
    };
  },
};
const BY_OUTPUTS = 'ranges by the error of the outputs';
const LEARNT = 'rounding learnt';

/** What takes minutes to make, with what it is called: tried on what nearly keeps the floor. */
export interface SlowRepair extends Repair {
  readonly title: string;
  /** Whether a choice has it not, nor what serves as well. */
  readonly isNew: (choice: IntegerChoice) => boolean;
}

export const SLOW_REPAIRS: readonly SlowRepair[] = [
  { ...rangesByOutputs, title: BY_OUTPUTS, isNew: ({ step }) => step.calibrator !== 'logits' },
  // Weights that were rounded in turn come out nearer than by learnt rounding.
  { ...setting(LEARNT, { rounding: 'adaround' }), title: LEARNT, isNew: ({ step }) => step.rounding === 'nearest' },
];

/**
 * Weights alone in codes, the smallest first, activations in float: for models whose bytes are matrices. Tried where size is what is made
 * least; no layer runs in integers, so that times are of no account.
 */
export function weightChoices(samples: number): readonly (Choice & { readonly name: string })[] {
  const kernels = { format: 'nbits', block: 32 } as const;
  const steps = [
    ['weights alone in 4 bits, rounded in turn', { ...kernels, scheme: 'int4-weight', method: 'gptq', samples }],
    ['weights alone in 8 bits', { ...kernels, scheme: 'int8-weight', method: 'rtn' }],
  ] as const;
  return steps.map(([name, step]) => ({ name, before: [], step: quantizeKind.schema.parse(step), repairs: {} }));
}

/** A choice with groups of layers in other precisions than int8. */
export function mixedChoice(
  { before, step, repairs }: IntegerChoice,
  { groups }: SearchSpace,
  { precisions }: Proposal,
): { readonly choice: IntegerChoice; readonly name: string } {
  const layers = Object.fromEntries(
    groups.flatMap((group, at) => {
      const precision = precisions[at]!;
      return precision === 'int8' ? [] : group.layers.map((layer) => [layer, precision] as const);
    }),
  );
  const count = (wanted: string): number => precisions.filter((precision) => precision === wanted).length;
  const wide = count('int16') === 0 ? '' : `, ${count('int16')} with 16-bit activations`;
  const name = `${count('float')} of ${groups.length} groups of layers in float${wide}`;
  return { choice: { before, step: int8Static.parse({ ...step, layers }), repairs }, name };
}
