import type { TaskContext } from '../../../base/progress.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import type { Model } from '../../graph/ir.ts';
import { mergeModels } from '../../passes/merge-models.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { KeptChannels } from '../lineage.ts';
import { collectSums } from '../../sums/collect-sums.ts';
import type { Frontier } from '../../sums/frontier.ts';
import { addGroupSums, groupSums, type GroupSums } from '../../sums/group-sums.ts';
import type { SolvableLayer } from '../../linear/solvable-layers.ts';
import { levelsOf } from '../../sums/levels.ts';
import { SumsGraph, type RowLayout } from '../../sums/sums-graph.ts';

/** The two models that run side by side on the same samples. */
export interface ModelPair {
  /** As it was before pruning. */
  readonly float: Model;
  readonly pruned: Model;
  /** Channels of the float model's values that the pruned one still has. */
  readonly kept: ReadonlyMap<string, readonly KeptChannels[]>;
}

/** What runs them. */
export interface CalibrationRunner {
  readonly runner: Runner;
  /** All calibration batches, from the start. */
  readonly batches: () => FeedBatches;
}

/** What a layer should give: a value of the float model, less one of the pruned model where that is added behind it. */
export interface Target {
  readonly value: string;
  /** "Float shortcut minus pruned shortcut" is part of the target then. */
  readonly less: string | undefined;
}

/** A layer with what it should give. */
export interface TargetedLayer {
  readonly layer: SolvableLayer;
  readonly target: Target;
  /** Only every so many positions along each spatial axis are looked at; none: all. */
  readonly steps: readonly number[];
}

/**
 * The sums that least squares needs, for layers that do not depend on each other, in one pass over the samples.
 * @returns for each layer its groups
 * @throws as `collectSums`
 */
export async function collectGrams(
  pair: ModelPair,
  wanted: readonly TargetedLayer[],
  on: CalibrationRunner,
  context: Pick<TaskContext, 'signal'>,
  round?: Round,
): Promise<readonly (readonly GroupSums[])[]> {
  const { graph, nameInPruned, layerOf, model } = openSums(pair);
  const named = wanted.map(({ layer, target, steps }) => {
    const { node, form, data, weight } = layer;
    const type = { rank: weight.dims.length, dtype: weight.dtype, steps };
    const x = graph.columns(node, nameInPruned(data), form, type);
    const wantedHere = graph.everyPosition(targetValue(graph, pair, target, nameInPruned), type);
    const t = graph.rows(wantedHere, outputLayout(layer, form.groups));
    const outputs = addGroupSums(graph, x, t);
    for (const output of Object.values(outputs)) layerOf.set(output, layer.name);
    return outputs;
  });
  const between = round?.frontier.between(model, levelsInBoth(model, round.layers, nameInPruned), round.level);
  const built = graph.build({ from: round?.frontier.values ?? [], keep: between?.keep ?? [] });
  const totals = await collectSums(built, { ...sumsRun(on, layerOf, graph), between }, context);
  return wanted.map(({ layer: { form } }, at) => groupSums(form, named[at]!, totals));
}

/** One of several passes over the same samples, each of which goes on where the one before ended. */
export interface Round {
  readonly frontier: Frontier;
  /** All layers that are solved, in this round or another. */
  readonly layers: readonly SolvableLayer[];
  /** Of the layers of this round; what lies before them is final. */
  readonly level: number;
}

/** How many solved layers lie before a value of the merged graph, in either model. */
function levelsInBoth(
  { graph }: Model,
  layers: readonly SolvableLayer[],
  nameInPruned: (value: string) => string,
): (value: string) => number {
  const index = indexGraph(graph);
  const counted = layers.flatMap(({ node: { outputs: [output = ''] } }) => [index.producer(output), index.producer(nameInPruned(output))]); // prettier-ignore
  return levelsOf(graph, new Set(counted.filter((node) => node !== undefined)));
}

type Named<Keys extends string> = Readonly<Record<Keys, string>>;

/** Sums over all positions, for each channel. */
export interface Moments {
  readonly count: number;
  readonly totals: Float64Array;
  readonly squares: Float64Array;
}

/** A value of the pruned model beside what it should be. */
export interface ComparedValue {
  /** For errors. */
  readonly name: string;
  readonly value: string;
  readonly target: Target;
  readonly layout: RowLayout;
  /** A further value of the pruned model, of the same layout. */
  readonly input?: string;
}

export interface ComparedMoments {
  readonly value: Moments;
  readonly target: Moments;
  readonly difference: Moments;
  readonly input: Moments | undefined;
}

/**
 * Sums and sums of squares of values, of what they should be and of the difference, in one pass over the samples.
 * @throws as `collectSums`
 */
export async function collectMoments(
  pair: ModelPair,
  wanted: readonly ComparedValue[],
  on: CalibrationRunner,
  context: Pick<TaskContext, 'signal'>,
): Promise<readonly ComparedMoments[]> {
  const { graph, nameInPruned, layerOf } = openSums(pair);
  const moments = (value: string, { name, layout }: ComparedValue): Named<'totals' | 'squares' | 'size'> => {
    const rows = graph.rows(value, layout);
    const outputs = { totals: graph.totals(rows), squares: graph.squares(rows), size: graph.size(rows) };
    for (const output of Object.values(outputs)) layerOf.set(output, name);
    return outputs;
  };
  const named = wanted.map((each) => {
    const value = nameInPruned(each.value);
    const target = targetValue(graph, pair, each.target, nameInPruned);
    return {
      value: moments(value, each),
      target: moments(target, each),
      difference: moments(graph.minus(value, target), each),
      input: each.input === undefined ? undefined : moments(nameInPruned(each.input), each),
    };
  });
  const totals = await collectSums(graph.build(), sumsRun(on, layerOf, graph), context);
  const read = (of: Named<'totals' | 'squares' | 'size'>): Moments => {
    const sums = totals.get(of.totals) ?? new Float64Array();
    const count = (totals.get(of.size)?.[0] ?? 0) / Math.max(1, sums.length);
    return { count, totals: sums, squares: totals.get(of.squares) ?? new Float64Array() };
  };
  return named.map(({ value, target, difference, input }) => ({
    value: read(value),
    target: read(target),
    difference: read(difference),
    input: input === undefined ? undefined : read(input),
  }));
}

/** Where the channels of a layer's output lie. */
export function outputLayout({ form, weight }: SolvableLayer, groups: number): RowLayout {
  const { channelsLast } = form;
  const channels = (form.groups * form.outputs) / groups;
  return { groups, channels, channelsLast, rank: weight.dims.length, dtype: weight.dtype };
}

function openSums({ float, pruned }: ModelPair): {
  readonly graph: SumsGraph;
  readonly nameInPruned: (value: string) => string;
  readonly layerOf: Map<string, string>;
  /** In which both stand. */
  readonly model: Model;
} {
  if (float === pruned) {
    return { graph: new SumsGraph(float), nameInPruned: (value) => value, layerOf: new Map(), model: float };
  }
  const { model, nameInSecond } = mergeModels(float, pruned);
  return { graph: new SumsGraph(model), nameInPruned: nameInSecond, layerOf: new Map(), model };
}

function sumsRun({ runner, batches }: CalibrationRunner, layerOf: ReadonlyMap<string, string>, { sums }: SumsGraph) {
  return { runner, batches: batches(), layerOf: (output: string) => layerOf.get(output) ?? output, sums };
}

function targetValue(
  graph: SumsGraph,
  { kept }: ModelPair,
  { value, less }: Target,
  nameInPruned: (value: string) => string,
): string {
  const left = graph.kept(value, kept.get(value) ?? []);
  return less === undefined ? left : graph.minus(left, nameInPruned(less));
}
