import { throwIfCancelled } from '../../../base/errors.ts';
import type { WidthModel } from '../../../judge/predict/widths.ts';
import type { Model } from '../../graph/ir.ts';
import { sourcesOf, type PassContext, type Sources } from '../../passes/pass.ts';
import { closeChannels, type Closure } from '../../channels/closure.ts';
import { channelGroups, type ChannelGroup, type GroupMember } from './groups.ts';
import type { FrozenLayer } from '../prunable-weights.ts';
import { prepareStructure } from './prepare.ts';
import { scoreGroups, type WeightScore } from './scores.ts';
import { shapesKey } from './shapes-key.ts';
import { widthModel } from './width-model.ts';

/** What the sliders of channel pruning need to predict without touching a weight again. */
export interface ChannelPlan {
  /** See `shapesKey`. */
  readonly shapes: string;
  /** Its layers are those of the source; its groups are called as `pruneChannels` calls them. */
  readonly widths: WidthModel;
  readonly groups: readonly {
    readonly consumers: readonly string[];
    readonly scores: Readonly<Record<PlannedScore, Float64Array>> & Readonly<Record<OpenScore, Float64Array | null>>;
  }[];
  readonly layers: readonly { readonly name: string; readonly op: string; readonly channels: ChannelAxis }[];
  readonly frozen: readonly FrozenLayer[];
}

/** Scores that every group has. */
type PlannedScore = 'l2' | 'l1';
/** Scores that a group may lack: no normalization is behind it, or telling would take too long. */
type OpenScore = 'bn-gamma' | 'fpgm';
type ChannelAxis = WidthModel['axes'][number];

/** Differences of weights that `fpgm` may take in all: half a second. Beyond, it is told by the cut alone. */
const FPGM_DIFFERENCES = 4e8;

/**
 * Groups, their scores, and how work and size depend on their widths; two passes over the weights.
 * @returns no groups where nothing can be cut
 * @throws UNSUPPORTED for weights that are NaN or infinite; RUNTIME_DIED, CANCELLED
 */
export async function channelPlan(model: Model, context: PassContext): Promise<ChannelPlan> {
  const prepared = await prepareStructure(model, context);
  const closure = closeChannels(prepared.model);
  const { groups, frozen } = channelGroups(closure);
  throwIfCancelled(context.signal, 'The plan');
  const { sources } = prepared;
  const widths = widthModel(closure, groups);
  const scores = allScores(closure, groups);
  return {
    shapes: shapesKey(widths),
    widths: {
      ...widths,
      groups: widths.groups.map((group) => ({ ...group, layers: sourceLayers(sources, group.layers) })),
      layers: widths.layers.map((layer) => ({ ...layer, name: sourcesOf(sources, layer.name)[0] ?? layer.name })),
    },
    groups: groups.map((group, at) => ({
      consumers: sourceLayers(
        sources,
        group.members.flatMap(({ role, layer }) => (role === 'consumes' ? [layer] : [])),
      ),
      scores: {
        l2: scores.l2[at]!,
        l1: scores.l1[at]!,
        'bn-gamma': scores['bn-gamma']?.[at] ?? null,
        fpgm: scores.fpgm?.[at] ?? null,
      },
    })),
    layers: producingLayers(closure, groups, sources),
    frozen: frozen.flatMap(({ name, reason }) =>
      sourceLayers(sources, [name]).map((layer) => ({ name: layer, reason })),
    ),
  };
}

function sourceLayers(sources: Sources, nodes: readonly string[]): readonly string[] {
  return [...new Set(nodes.flatMap((node) => sourcesOf(sources, node)))];
}

interface AllScores extends Readonly<Record<PlannedScore, readonly Float64Array[]>> {
  readonly 'bn-gamma': readonly (Float64Array | null)[];
  readonly fpgm: readonly Float64Array[] | null;
}

function allScores(closure: Closure, groups: readonly ChannelGroup[]): AllScores {
  const scored = (score: WeightScore, of = groups): readonly Float64Array[] =>
    scoreGroups(closure, of, { score, seed: 0 });
  return {
    l2: scored('l2'),
    l1: scored('l1'),
    'bn-gamma': groups.map((group) =>
      group.members.some(({ isGamma }) => isGamma) ? scored('bn-gamma', [group])[0]! : null,
    ),
    fpgm: differences(closure, groups) <= FPGM_DIFFERENCES ? scored('fpgm') : null,
  };
}

/** Σ atoms² ⁄ 2 · weights of an atom, over the groups. */
function differences({ axes }: Closure, groups: readonly ChannelGroup[]): number {
  let count = 0;
  for (const { roots, members } of groups) {
    for (const { tensor, role } of members) {
      const dims = axes.shape(tensor) ?? [];
      if (role !== 'produces' || dims.length < 2) continue;
      count += (roots.length / 2) * dims.reduce<number>((product, size) => product * Number(size), 1);
    }
  }
  return count;
}

/** Each layer that gives channels of a group, with the axis of its first such weight, as what a cut did is told. */
function producingLayers(closure: Closure, groups: readonly ChannelGroup[], sources: Sources): ChannelPlan['layers'] {
  const groupOf = new Map<number, number>();
  groups.forEach(({ roots }, at) => roots.forEach((root) => groupOf.set(root, at)));
  const layers = new Map<string, ChannelPlan['layers'][number]>();
  for (const { members } of groups) {
    for (const member of members) {
      if (member.role !== 'produces') continue;
      for (const name of sourcesOf(sources, member.layer)) {
        if (!layers.has(name))
          layers.set(name, { name, op: member.op, channels: axisOf(closure, groups, member, groupOf) });
      }
    }
  }
  return [...layers.values()];
}

function axisOf(
  { axes, sets }: Closure,
  groups: readonly ChannelGroup[],
  { tensor, axis }: GroupMember,
  groupOf: ReadonlyMap<number, number>,
): ChannelAxis {
  const first = axes.first(tensor, axis);
  const counts = new Map<number, number>();
  let fixed = 0;
  for (let element = first; element < first + axes.size(tensor, axis); element++) {
    const group = groupOf.get(sets.root(element));
    if (group === undefined) fixed++;
    else counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return { fixed, parts: [...counts].map(([group, count]) => ({ group, each: count / groups[group]!.roots.length })) };
}
