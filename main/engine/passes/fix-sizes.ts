import type { Dim, Model, ValueInfo } from '../graph/ir.ts';
import { unchanged, type PassResult } from './pass.ts';

/**
 * Gives symbolic dimensions one size for good, in inputs, outputs and value infos of the main graph; the runtime can then
 * compute shapes when it loads the model.
 * @param sizes by name of the dimension; one without a name is called by its place: "images[0]"
 */
export function fixSizes(model: Model, sizes: Readonly<Record<string, number>>): PassResult {
  let fixed = 0;
  const fix = (info: ValueInfo): ValueInfo => {
    const { type, name } = info;
    if (type === undefined || (type.kind !== 'tensor' && type.kind !== 'sparseTensor') || type.shape === undefined) {
      return info;
    }
    const shape = type.shape.map((dim, axis): Dim => {
      const size = typeof dim === 'number' ? undefined : sizes[dim === null || dim === '' ? `${name}[${axis}]` : dim];
      if (size !== undefined) fixed++;
      return size ?? dim;
    });
    return { ...info, type: { ...type, shape } };
  };
  const { graph } = model;
  const inputs = graph.inputs.map(fix);
  if (fixed === 0) return unchanged(model);
  const changed = { ...graph, inputs, outputs: graph.outputs.map(fix), valueInfos: graph.valueInfos.map(fix) };
  const told = Object.entries(sizes).map(([name, size]) => `${name} = ${size}`);
  const notes = [`Sizes are fixed: ${told.join(', ')}.`];
  return { model: { ...model, graph: changed }, sources: new Map(), notes };
}
