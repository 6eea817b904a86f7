/** The pure view model of pruning whole channels: groups with their widths, and where keys and the pointer move them. */
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import { allowedWidths } from '../../../../main/judge/predict/allocate.ts';
import { energyLost, targetOf, widthRules, type ChannelCut } from '../../../../main/judge/predict/channel-cut.ts';
import type { MeasuredPlan } from '../../../../main/judge/predict/measured-plan.ts';
import type { PastErrors } from '../../../../main/judge/predict/past-errors.ts';
import { predictWidths } from '../../../../main/judge/predict/width-latency.ts';
import { fullTotals, widthTotals, type WidthMeasure } from '../../../../main/judge/predict/widths.ts';

/** A line of the table: a group of channels, or a layer none of whose channels can go. */
export interface GroupRow {
  readonly name: string;
  /** Place in the plan's groups; −1: a layer that is frozen. */
  readonly at: number;
  readonly kind: 'channel' | 'unit' | 'head' | null;
  readonly atoms: number;
  /** Elements of an atom: the features of a head. */
  readonly each: number;
  readonly kept: number;
  /** Its width is set by hand, whatever the target. */
  readonly own: boolean;
  /** The recipe leaves it alone. */
  readonly excluded: boolean;
  /** Why nothing of it can go; null: it can. */
  readonly frozen: string | null;
  /** Share of its Σw² that goes, 0…1; null: not known which atoms go. */
  readonly lost: number | null;
  readonly producers: readonly string[];
  readonly consumers: readonly string[];
}

/** Groups in the order of the model, then what is frozen. @param cut null: nothing is cut, or it is not known what */
export function groupRows(plan: ChannelPlan, step: ChannelPruning, cut: ChannelCut | null): GroupRow[] {
  const excluded = new Set(step.exclude);
  const groups = plan.widths.groups.map(({ name, kind, atoms, each, layers }, at): GroupRow => {
    const kept = cut?.kept[at] ?? atoms;
    return {
      name,
      at,
      kind,
      atoms,
      each,
      kept,
      own: step.widths[name] !== undefined,
      excluded: layers.some((layer) => excluded.has(layer)),
      frozen: null,
      lost: cut === null ? 0 : energyLost(plan, step.score, at, kept),
      producers: layers,
      consumers: plan.groups[at]!.consumers,
    };
  });
  const frozen = plan.frozen.map(({ name, reason }): GroupRow => ({
    name,
    at: -1,
    kind: null,
    atoms: 0,
    each: 0,
    kept: 0,
    own: false,
    excluded: false,
    frozen: reason,
    lost: null,
    producers: [name],
    consumers: [],
  }));
  return [...groups, ...frozen];
}

/** Layers that give or take the channels of a group. */
export function layersOf({ producers, consumers }: Pick<GroupRow, 'producers' | 'consumers'>): ReadonlySet<string> {
  return new Set([...producers, ...consumers]);
}

/** Widths that a group may have by hand: those that the step's alignment and minimum allow. */
export function handWidths(plan: ChannelPlan, step: ChannelPruning, group: number): readonly number[] {
  const rules = widthRules(plan.widths.groups, step);
  return allowedWidths(plan.widths.groups[group]!, { ...rules, widths: {}, frozen: new Set() });
}

/** The allowed width nearest to a wish; of two the larger. */
export function nearestWidth(allowed: readonly number[], wish: number): number {
  return allowed.reduce((best, width) => (Math.abs(width - wish) <= Math.abs(best - wish) ? width : best), allowed[0]!);
}

/**
 * Where a key moves a group's width: arrows to the next allowed width (with Shift by one atom, allowed or not), Page keys by
 * four of them, Home and End to the ends; null for other keys.
 */
export function widthByKey(
  { atoms, kept }: Pick<GroupRow, 'atoms' | 'kept'>,
  allowed: readonly number[],
  key: string,
  fine: boolean,
): number | null {
  const up = key === 'ArrowRight' || key === 'ArrowUp' || key === 'PageUp';
  const down = key === 'ArrowLeft' || key === 'ArrowDown' || key === 'PageDown';
  if (key === 'Home') return allowed[0]!;
  if (key === 'End') return atoms;
  if (!up && !down) return null;
  if (fine && key.startsWith('Arrow')) return Math.min(atoms, Math.max(1, kept + (up ? 1 : -1)));
  const steps = key.startsWith('Page') ? 4 : 1;
  const ahead = allowed.filter((width) => (up ? width > kept : width < kept));
  const to = up ? (ahead[steps - 1] ?? ahead.at(-1)) : (ahead[ahead.length - steps] ?? ahead[0]);
  return to ?? kept;
}

/** The least share of a measure that the step's widths leave: how far the target can be met. */
export function narrowestShare(plan: MeasuredPlan, step: ChannelPruning, measure: WidthMeasure | 'latency'): number {
  const { groups } = plan.widths;
  const rules = widthRules(groups, step);
  const narrowest = groups.map((group) => allowedWidths(group, rules)[0]!);
  if (measure === 'latency') {
    return plan.latency === undefined ? 0 : predictWidths(plan.latency, narrowest).value / plan.latency.fullMs;
  }
  const full = fullTotals(plan.widths)[measure];
  const least = widthTotals(plan.widths, narrowest)[measure];
  return full === 0 ? 1 : least / full;
}

/** A step with a group's own width, or without it: the group follows the target again. */
export function withWidth(step: ChannelPruning, group: string, width: number | null): ChannelPruning['widths'] {
  const { [group]: _before, ...others } = step.widths;
  return width === null ? others : { ...others, [group]: width };
}

/** Points of a falling curve of scores, the best first: x and y 0…1, at most `count` of them and both ends. */
export function scoreCurve(sorted: ArrayLike<number>, count = 48): readonly (readonly [number, number])[] {
  const { length } = sorted;
  if (length === 0) return [];
  const highest = sorted[0]! || 1;
  const points = Math.min(length, count);
  return Array.from({ length: points }, (_, at) => {
    const place = points === 1 ? 0 : Math.round((at * (length - 1)) / (points - 1));
    return [length === 1 ? 0 : place / (length - 1), sorted[place]! / highest] as const;
  });
}

/** What stands in the way of the cut, in a sentence; null: nothing does. */
export function cutNote(
  plan: MeasuredPlan,
  step: ChannelPruning,
  { off, cut }: { readonly off: boolean; readonly cut: ChannelCut | null },
): string | null {
  if (off) return null;
  const { measure } = targetOf(step);
  if (groupRows(plan, step, cut).every((row) => row.frozen !== null || row.excluded)) {
    return 'The recipe leaves all groups alone: take layers off “Left alone” to cut any.';
  }
  if (cut === null) {
    return measure === 'latency' && plan.latency === undefined
      ? 'How long widths take here is not known yet: “Time widths” tells by timing cuts on this machine.'
      : 'Where the cuts go is not predicted where several steps prune: measure to see them.';
  }
  if (cut.met) return guessWords(step, cut);
  const least = formatPercent(narrowestShare(plan, step, measure));
  return `The narrowest widths keep ${least} of the ${MEASURE_WORDS[measure]}: ask for more, or allow narrower ones (At least, Multiples of).`;
}

/** What is only a guess in a cut that was not made yet; null: nothing. */
function guessWords(step: ChannelPruning, { guess }: ChannelCut): string | null {
  const { score, scope } = step;
  if (guess === null) return null;
  if (step.score === 'obs' && step.lowRank === true) {
    return 'Which layers become two of low rank, and how much goes where, is told by the cut. Shown are channels alone.';
  }
  if (guess === 'losses') {
    return 'How much goes where is a guess from the measured sensitivity: the cut itself looks again, at more samples and widths.';
  }
  const hint = score === 'obs' ? 'measuring the sensitivity below tells it nearer' : 'measure to see it';
  const why = scope === 'optimal' ? 'by measuring, when the channels are cut' : 'by the calibration data';
  return `How much goes where is told ${why}. Shown is the same share of each group; ${hint}.`;
}

/** How far predictions were off so far; null: none was tested yet. */
export function errorWords({ goodness, latency }: PastErrors): string | null {
  const told = [
    goodness && `${formatNumber(goodness.mean * 100, 2)} points of accuracy (${countedTrials(goodness.trials)})`,
    latency && `${formatPercent(latency.mean, 2)} of the latency (${countedTrials(latency.trials)})`,
  ].filter((words) => words !== null);
  return told.length === 0 ? null : `Predictions so far were off by ${told.join(' and ')} in the mean.`;
}

function countedTrials(count: number): string {
  return `${count} ${count === 1 ? 'trial' : 'trials'}`;
}

const MEASURE_WORDS: Readonly<Record<WidthMeasure | 'latency', string>> = {
  latency: 'latency',
  macs: 'MACs',
  parameters: 'parameters',
  bytes: 'file’s weights',
};

/** "16 can be cut, 1 layer frozen". */
export function countWords({ groups, frozen }: ChannelPlan): string {
  const layers = frozen.length === 0 ? '' : `, ${frozen.length} ${frozen.length === 1 ? 'layer' : 'layers'} frozen`;
  return `${groups.length} can be cut${layers}`;
}

/** "/stem/Conv: 8 of 16 channels". */
export function widthWords({ name, kept, atoms, kind, own }: GroupRow): string {
  return `${name}: ${kept} of ${atoms} ${kind ?? 'channel'}s${own ? ', set by hand' : ''}`;
}
