import { StudioError } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { ChannelPruning } from '../../../contract/recipe/prune-channels.ts';
import {
  allocateGlobal,
  allocateUniform,
  shareAt,
  type WidthRules,
  type WidthTarget,
} from '../../../judge/predict/allocate.ts';
import { allocateByLosses, type WidthOption } from '../../../judge/predict/allocate-losses.ts';
import { widthRules } from '../../../judge/predict/channel-cut.ts';
import type { WidthMeasure, WidthModel } from '../../../judge/predict/widths.ts';
import type { Model } from '../../graph/ir.ts';
import type { Runner } from '../../runtime/runner.ts';
import { bestAllocation, type Placed } from './finalists.ts';
import type { MeasuredWidths } from './measured-widths.ts';
import { learnLatency, TIMING, WidthClock, type TimedRatio } from './time-widths.ts';
import { knownLatency, timesOf, type TimesBook } from './width-times.ts';

/** What is chosen among. */
export interface WidthChoice {
  readonly model: Model;
  readonly widths: WidthModel;
  /** Of each group's atoms. */
  readonly scores: readonly Float64Array[];
  /** What widths cost, for scope `optimal`; undefined: not measured. */
  readonly measured: MeasuredWidths | undefined;
  /** The cut model when group g keeps its `counts[g]` best atoms. */
  readonly cutTo: (counts: ArrayLike<number>) => Model;
  readonly times: TimesBook | undefined;
  /** The target's measure of this model over that of the one which the target is about; 1: it is the same. */
  readonly ofWhole: number;
}

export interface ChosenWidths {
  /** Atoms that each group keeps. */
  readonly counts: Int32Array;
  /** Share of the target's measure that is kept; of latency as it was measured in the end. */
  readonly share: number;
  /** What the model loses, repaired, on samples that the repair has not seen; left out: not measured. */
  readonly loss?: number;
  readonly notes: readonly string[];
}

/**
 * How many atoms each group keeps, so that the target is met. For a latency the model is timed at some widths, the time at
 * others predicted from there; what is chosen is timed beside the whole model, and chosen again with what that taught.
 * @throws UNSUPPORTED when even the narrowest widths are above the target; RECIPE_INVALID for groups that are not there
 */
export async function chooseWidths(
  choice: WidthChoice,
  step: ChannelPruning,
  runner: Runner,
  context: TaskContext,
): Promise<ChosenWidths> {
  const [[measure, ofAll]] = Object.entries(step.target) as [[WidthMeasure | 'latency', number]];
  requireNamedGroups(choice.widths, step);
  const rules = widthRules(choice.widths.groups, step);
  if (measure === 'latency') return chooseByTime(choice, { step, rules, keep: ofAll }, runner, context);
  const { ofWhole } = choice;
  const keep = ofAll / ofWhole;
  const target = { measure, keep };
  const found = await bestFor(choice, context, (options) => {
    const counts = allocate(choice, target, rules, { scope: step.scope, options });
    const share = shareAt(choice.widths, target, counts);
    return Promise.resolve({ counts, share, meets: share <= keep * (1 + 1e-6), notes: [] });
  });
  requireMet(found.share * ofWhole, ofAll, NAMES[measure]);
  return { ...found, share: found.share * ofWhole };
}

/** The widths that are placed; where losses were measured, the best of a few ways to place them. */
async function bestFor<Place extends Placed & ChosenWidths>(
  { measured }: WidthChoice,
  context: TaskContext,
  place: (options: Options | undefined) => Promise<Place>,
): Promise<ChosenWidths> {
  if (measured === undefined) return place(undefined);
  const best = await bestAllocation(measured, place, context);
  const loss = best.loss === undefined ? {} : { loss: best.loss };
  return { ...best.place, ...loss, notes: [...best.place.notes, ...best.notes] };
}

/** What widths of groups cost. */
type Options = readonly (readonly WidthOption[])[];

const NAMES: Readonly<Record<WidthMeasure | 'latency', string>> = {
  macs: 'MACs',
  parameters: 'parameters',
  bytes: 'bytes',
  latency: 'latency',
};

/** How near the measured share must come, and how often it is tried. */
export const NEAR_ENOUGH = 0.03;
export const ATTEMPTS = 4;

async function chooseByTime(
  choice: WidthChoice,
  { step, rules, keep }: { readonly step: ChannelPruning; readonly rules: WidthRules; readonly keep: number },
  runner: Runner,
  context: TaskContext,
): Promise<ChosenWidths> {
  const { widths, cutTo, ofWhole } = choice;
  // Widths that are all given leave nothing to choose: a kept recipe gives the same model on every machine.
  if (widths.groups.every(({ name }) => rules.widths[name] !== undefined || rules.frozen.has(name))) {
    const counts = Int32Array.from(widths.groups, ({ name, atoms }) => Math.min(atoms, rules.widths[name] ?? atoms));
    return { counts, share: keep, notes: [] };
  }
  const clock = await WidthClock.start(choice.model, runner, TIMING, context.signal);
  try {
    const known = knownLatency(choice.times?.known ?? [], widths, rules, runner);
    const latency = known ?? (await learnLatency({ widths, rules, cutAt: cutTo }, clock, context));
    if (known === undefined) choice.times?.keep(timesOf(latency, rules, runner));
    const timings = new Map<string, TimedRatio>();
    const timed = async (counts: Int32Array): Promise<TimedRatio> => {
      const key = counts.join(' ');
      // What nothing is cut from takes what the model takes, whatever a clock says.
      const isWhole = counts.every((count, at) => count === widths.groups[at]!.atoms);
      const ratio = isWhole ? { fullMs: latency.fullMs, ratio: { value: 1, low: 1, high: 1 } } : undefined;
      const timing = timings.get(key) ?? inTermsOf(ofWhole, ratio ?? (await clock.ratio(cutTo(counts))));
      timings.set(key, timing);
      return timing;
    };
    // Each allocation goes on from what those before it taught of the times.
    let learnt = keep;
    return await bestFor(choice, context, async (options) => {
      let goal = learnt;
      let best: (ChosenWidths & Placed) | undefined;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const target: WidthTarget = { measure: 'latency', keep: goal / ofWhole, latency };
        const counts = allocate(choice, target, rules, { scope: step.scope, options });
        const predicted = shareAt(widths, target, counts) * ofWhole;
        if (timings.size === 0) requireMet(predicted, keep + 2 * latency.spread, NAMES.latency);
        else if (predicted > goal + 2 * latency.spread)
          return best ?? { counts, share: predicted, meets: false, notes: [] };
        const { fullMs, ratio } = await timed(counts);
        const meets = ratio.value <= keep * (1 + NEAR_ENOUGH);
        const found = { counts, share: ratio.value, meets, notes: [latencyNote(fullMs, ratio, keep)] };
        if (best === undefined || Math.abs(found.share - keep) < Math.abs(best.share - keep)) best = found;
        if (Math.abs(ratio.value / keep - 1) <= NEAR_ENOUGH) break;
        goal *= keep / ratio.value;
      }
      if (best!.meets) learnt = goal;
      return best!;
    });
  } finally {
    await clock.close();
  }
}

/** The time of a cut over that of the model which the target is about. */
function inTermsOf(ofWhole: number, { fullMs, ratio }: TimedRatio): TimedRatio {
  const scaled = (share: number | null): number | null => (share === null ? null : share * ofWhole);
  const { value, low, high } = ratio;
  return {
    fullMs: fullMs / ofWhole,
    ratio: { ...ratio, value: value * ofWhole, low: scaled(low), high: scaled(high) },
  };
}

/** What a latency that was asked for came to. */
export function latencyNote(fullMs: number, { value, low, high }: TimedRatio['ratio'], keep: number): string {
  const range = low === null || high === null ? '' : ` (95 %: ${percent(low)} to ${percent(high)})`;
  return `Latency here, batch 1: ${percent(value)}${range} of ${fullMs.toPrecision(3)} ms; asked for were ${percent(keep)}.`;
}

function allocate(
  { widths, scores }: WidthChoice,
  target: WidthTarget,
  rules: WidthRules,
  { scope, options }: { readonly scope: ChannelPruning['scope']; readonly options: Options | undefined },
): Int32Array {
  if (options !== undefined) return allocateByLosses(widths, options, target);
  return scope === 'global' ? allocateGlobal(widths, scores, target, rules) : allocateUniform(widths, target, rules);
}

function requireMet(share: number, keep: number, name: string): void {
  if (share <= keep * (1 + 1e-6)) return;
  throw new StudioError(
    'UNSUPPORTED',
    `The narrowest widths keep ${percent(share)} of the ${name}, the target is ${percent(keep)}`,
    {
      hint: 'Keep more, or allow narrower layers: a lower minimum, a finer alignment, fewer layers left alone.',
    },
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** @throws RECIPE_INVALID for widths of groups that there are not */
function requireNamedGroups({ groups }: WidthModel, { widths }: ChannelPruning): void {
  for (const name of Object.keys(widths)) {
    if (groups.some((group) => group.name === name)) continue;
    throw new StudioError('RECIPE_INVALID', `There is no group of channels '${name}'`, {
      hint: `Groups are called after the first layer that gives them: '${groups[0]?.name ?? ''}', for example.`,
    });
  }
}
