import { median } from '../../../judge/statistics/median.ts';
import type { Model } from '../../graph/ir.ts';
import { makeValueInfo } from '../../graph/make.ts';
import { inferModel } from '../../operators/infer.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';

/**
 * The number of elements of a model's values when it is fed like this, where that follows without running it; for others
 * that of the value in the middle, so that a conversion of unknown size costs what one does here.
 */
export function valueSizes(model: Model, feeds: HostTensors): (value: string) => number {
  const inputs = model.graph.inputs.map((info) => {
    const feed = feeds[info.name];
    return feed === undefined ? info : makeValueInfo(info.name, feed.dtype, feed.dims);
  });
  const { values } = inferModel({ ...model, graph: { ...model.graph, inputs } });
  const sizes = new Map<string, number>();
  for (const [name, { shape }] of values) {
    if (shape?.every((dim) => typeof dim === 'number') !== true) continue;
    sizes.set(
      name,
      (shape as readonly number[]).reduce((product, dim) => product * dim, 1),
    );
  }
  const middle = sizes.size === 0 ? 1 : median([...sizes.values()]);
  return (value) => sizes.get(value) ?? middle;
}
