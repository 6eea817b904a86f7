import type { TaskContext } from '../../../base/progress.ts';
import type { ChannelPruning } from '../../../contract/recipe/prune-channels.ts';
import { allowedWidths, spreadWidths } from '../../../judge/predict/allocate.ts';
import type { WidthOption } from '../../../judge/predict/allocate-losses.ts';
import { widthRules } from '../../../judge/predict/channel-cut.ts';
import { fullTotals, type WidthModel } from '../../../judge/predict/widths.ts';
import { spreadSamples } from '../../dataset/spread-samples.ts';
import type { Model } from '../../graph/ir.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { joinBatches } from '../../sums/join-batches.ts';
import { writeConstants, type ConstantChange } from '../../linear/write-weights.ts';
import type { Closure } from '../../channels/closure.ts';
import type { ObsChoice } from './obs-choice.ts';
import { OutputDistance } from './option-losses.ts';
import type { KeptAtoms } from './removal.ts';
import { wholeLoss, type SampledRunner, type WholeLoss } from './whole-loss.ts';

/** What was measured of widths at the model's output. */
export interface MeasuredWidths {
  /** Of each group: some widths, and what the model loses where this group alone has them. */
  readonly options: readonly (readonly WidthOption[])[];
  /** Groups that several layers take. */
  readonly shared: readonly boolean[];
  /** What whole cuts lose. */
  readonly whole: WholeLoss;
  /** Compares other changes of the model on the samples of the options. */
  readonly distance: OutputDistance;
}

/** Samples on which outputs are compared: fewer of models with many widths to try and much to compute. */
const COMPARED_SAMPLES = { least: 32, most: 128 };
/** Multiply–accumulates that all these comparisons may take, about: ten seconds or so on two cores. */
const COMPARED_WORK = 3e11;
/**
 * Widths of a group that are tried, beside the full one, and those of all groups together, about: of many groups each counts
 * less, and each width is a run of the model.
 */
const TRIED_WIDTHS = { least: 4, most: 8, ofAll: 120 };

/**
 * Measures what widths cost, with the layers behind a group fitted again. Nothing is taken out for that: what goes has
 * weights of zero. A group behind which nothing can be solved (no choice) stays whole.
 * @throws RUNTIME_…, CANCELLED
 */
export async function measureWidths(
  task: {
    readonly closure: Closure;
    readonly widths: WidthModel;
    readonly step: ChannelPruning;
    /** What whole cuts are compared with. */
    readonly reference: Model;
    /** Which atoms stay for so many of each group. */
    readonly kept: (counts: ArrayLike<number>) => Promise<KeptAtoms>;
  },
  choices: readonly (ObsChoice | undefined)[],
  on: SampledRunner,
  context: TaskContext,
): Promise<MeasuredWidths> {
  const { closure, widths, step, reference, kept } = task;
  const rules = widthRules(widths.groups, step);
  const each = Math.floor(TRIED_WIDTHS.ofAll / Math.max(1, choices.filter((choice) => choice !== undefined).length));
  const most = Math.min(TRIED_WIDTHS.most, Math.max(TRIED_WIDTHS.least, each));
  const tried = widths.groups.map((group, at) =>
    choices[at] === undefined ? [group.atoms] : spreadWidths(allowedWidths(group, rules), most),
  );
  const total = tried.reduce((sum, own) => sum + own.length, 0);
  const some = { total: on.samples, count: comparedSamples(total, fullTotals(widths).macs) };
  const whole = closure.model.graph.inputs.some(({ name }) => hasFixedBatch(closure, name));
  const spread = new CalibrationBatches(() => joinBatches(spreadSamples(on.batches(), some, { whole }), on.joinable));
  const few = { runner: on.runner, batches: () => spread.all() };
  const distance = await OutputDistance.from(closure.model, few, context);
  const changesAt = async (group: number, width: number): Promise<readonly ConstantChange[]> => {
    const choice = choices[group];
    return choice === undefined || width === widths.groups[group]!.atoms ? [] : choice.fitted(choice.last(width));
  };
  const full = widths.groups.map(({ atoms }) => atoms);
  let done = 0;
  const options: WidthOption[][] = [];
  for (const [at, own] of tried.entries()) {
    const measured: WidthOption[] = [];
    const nodes = new Set(choices[at]?.layers.map(({ node }) => node));
    const behind = own.some((width) => width !== full[at]) ? await distance.behind(closure.model, nodes) : undefined;
    try {
      for (const width of own) {
        context.progress({ stage: 'Measuring options', done: done++, total });
        const changed = writeConstants(closure.model, await changesAt(at, width));
        measured.push({ width, loss: width === full[at] ? 0 : Math.max(0, await behind!.of(changed)) });
      }
    } finally {
      await behind?.close();
    }
    options.push(measured);
  }
  const layers = new Set(choices.flatMap((choice) => choice?.layers ?? []));
  const work = [...layers].reduce((sum, { form }) => sum + form.groups * form.columns ** 3, 0);
  return {
    options,
    shared: choices.map((choice) => (choice?.layers.length ?? 0) > 1),
    whole: await wholeLoss({ closure, reference, kept, work }, { ...on, whole }, context),
    distance,
  };
}

/**
 * Samples on which widths are compared, so that all comparisons together take a bounded time.
 * @param runs of the model, one for each width
 * @param macs of the model, for one sample; behind a group lies half of it, about
 */
export function comparedSamples(runs: number, macs: number): number {
  const enough = Math.round(COMPARED_WORK / Math.max(1, (runs * macs) / 2));
  return Math.min(COMPARED_SAMPLES.most, Math.max(COMPARED_SAMPLES.least, enough));
}

/** Whether an input takes batches of one size alone. */
function hasFixedBatch({ inference }: Closure, input: string): boolean {
  return typeof inference.values.get(input)?.shape?.[0] === 'number';
}
