import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { clipBounds } from '../operators/clip-bounds.ts';
import { rectifyNode } from '../operators/nodes.ts';
import { WIDEST, type FactorRange } from './cross-layer.ts';
import type { ChannelValue, Extremes } from './channel-extremes.ts';
import type { ScaleClosure } from './scale-closure.ts';
import { rootsOnAxis, type ScaleGroup } from './scale-groups.ts';

/** The values before limits, with the axis that counts channels which may be scaled. */
export function limitedValues(closure: ScaleClosure, groups: readonly ScaleGroup[]): readonly ChannelValue[] {
  const scaled = new Set(groups.flatMap(({ roots }) => roots));
  return closure.limits.flatMap(({ node }) => {
    const value = node.inputs[0] ?? '';
    const rank = closure.axes.shape(value)?.length ?? 0;
    const axis = Array.from({ length: rank }, (_, at) => at).find((at) =>
      rootsOnAxis(closure, value, at).some((root) => scaled.has(root)),
    );
    return axis === undefined ? [] : [{ value, axis, rank }];
  });
}

/**
 * How far each set may be scaled without that a limit is met which was not met before: x/s ≤ high asks for s ≥ max(x)/high.
 * A channel that its limit cuts on the calibration data stays as it is.
 */
export function factorRanges(
  closure: ScaleClosure,
  values: readonly ChannelValue[],
  extremes: ReadonlyMap<string, Extremes>,
): ReadonlyMap<number, FactorRange> {
  const ranges = new Map<number, FactorRange>();
  for (const { node, bounds } of closure.limits) {
    const own = values.find(({ value }) => value === node.inputs[0]);
    const found = own === undefined ? undefined : extremes.get(own.value);
    if (own === undefined || found === undefined) continue;
    for (const [at, root] of rootsOnAxis(closure, own.value, own.axis).entries()) {
      if (root < 0) continue;
      const [least, largest] = [found.least[at]!, found.largest[at]!];
      const needed = Math.max(
        bounds.high === Infinity ? 0 : largest / bounds.high,
        bounds.low === -Infinity || bounds.low === 0 ? 0 : least / bounds.low,
      );
      const known = ranges.get(root) ?? WIDEST;
      const range = needed > 1 ? { least: 1, most: 1 } : { ...known, least: Math.max(known.least, needed) };
      ranges.set(root, known.most === 1 ? known : range);
    }
  }
  return ranges;
}

/** The model with a rectifier in the place of limits from zero up, where these bound channels that may be scaled. */
export function withoutUpperLimits(model: Model, limits: readonly Node[]): Model {
  const index = indexGraph(model.graph);
  const replaced = new Set(limits.filter((node) => clipBounds(node, index)?.low === 0));
  if (replaced.size === 0) return model;
  const nodes = model.graph.nodes.map((node) =>
    replaced.has(node) ? rectifyNode([node.inputs[0] ?? ''], node.outputs[0] ?? '', { name: node.name }) : node,
  );
  return { ...model, graph: { ...model.graph, nodes } };
}
