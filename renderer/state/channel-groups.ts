import type { ChannelPlan } from '../../main/contract/channel-plan.ts';

const known = new WeakMap<ChannelPlan, ReadonlyMap<string, ReadonlySet<string>>>();

/** By layer: those that give or take the channels that it gives. */
export function togetherOf(plan: ChannelPlan): ReadonlyMap<string, ReadonlySet<string>> {
  const remembered = known.get(plan);
  if (remembered !== undefined) return remembered;
  const together = new Map<string, Set<string>>();
  plan.widths.groups.forEach(({ layers }, at) => {
    for (const layer of layers) {
      const others = together.get(layer) ?? new Set<string>();
      for (const other of [...layers, ...plan.groups[at]!.consumers]) others.add(other);
      together.set(layer, others);
    }
  });
  known.set(plan, together);
  return together;
}
