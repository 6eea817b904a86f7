import type { Model } from '../../graph/ir.ts';
import type { Closure } from '../../channels/closure.ts';
import type { ChannelGroup } from './groups.ts';
import type { Removal } from './removal.ts';
import { clearTensor, type AxisPlaces } from './slice-tensor.ts';

/**
 * The model with zeros in place of what a cut takes out: rows that give the channels, and columns that take them. It computes
 * what the cut model must compute. γ, slopes and other vectors beside the data stay, since nothing takes what they scale.
 */
export function maskModel({ model }: Closure, groups: readonly ChannelGroup[], removal: Removal): Model {
  const clears = new Map<string, Map<number, AxisPlaces>>();
  for (const { members } of groups) {
    for (const { tensor, axis, role } of members) {
      const places = role === 'scales' ? undefined : removal.gone(tensor, axis);
      if (places === undefined) continue;
      const own = clears.get(tensor) ?? new Map<number, AxisPlaces>();
      clears.set(tensor, own.set(axis, { axis, places }));
    }
  }
  const initializers = model.graph.initializers.map((tensor) => {
    const own = clears.get(tensor.name);
    return own === undefined ? tensor : clearTensor(tensor, [...own.values()]);
  });
  return { ...model, graph: { ...model.graph, initializers } };
}
