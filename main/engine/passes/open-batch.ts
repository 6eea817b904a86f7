import { GraphEditor } from '../graph/edit.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Dim, Model, ValueInfo } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { inferModel } from '../operators/infer.ts';
import { unchanged, type PassResult } from './pass.ts';

const BATCH = 'batch';

/**
 * Lets a model that was exported for batches of one size take any: axis 0 of its inputs becomes `batch`, and shapes of Reshape
 * that begin with that size are told to keep what comes, or to take what is left. A model whose graph contradicts this
 * (initial states, tables of that size) stays as it is, with a note.
 */
export function openBatch(model: Model): PassResult {
  const { graph } = model;
  const index = indexGraph(graph);
  const fed = graph.inputs.filter(({ name }) => index.initializer(name) === undefined);
  const sizes = new Set(fed.map(batchOf));
  const [size] = sizes;
  if (sizes.size !== 1 || typeof size !== 'number') return unchanged(model);

  const before = inferModel(model);
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const shape = node.opType === 'Reshape' ? index.initializer(node.inputs[1] ?? '') : undefined;
    if (shape === undefined) continue;
    const values = Array.from(tensorValues(shape) as BigInt64Array);
    if (values[0] !== BigInt(size)) continue;
    const keeps = before.values.get(node.inputs[0] ?? '')?.shape?.[0] === size;
    if (!keeps && values.includes(-1n)) continue;
    const name = editor.freshValue(`${shape.name}_open`);
    editor.setInitializer(
      makeTensor(name, 'int64', shape.dims, BigInt64Array.from([keeps ? 0n : -1n, ...values.slice(1)])),
    );
    editor.replaceInput(node, 1, name);
  }
  const inputs = new Set(fed);
  const changed = editor.build({ dropUnused: true });
  const opened: Model = {
    ...model,
    graph: {
      ...changed,
      inputs: changed.inputs.map((info) => (inputs.has(info) ? withBatch(info, BATCH) : info)),
      outputs: changed.outputs.map((info) => (batchOf(info) === size ? withBatch(info, BATCH) : info)),
      valueInfos: [],
    },
  };
  const after = inferModel(opened, { dims: { [BATCH]: size + 1 } });
  const batched = opened.graph.outputs.every(({ name }) => after.values.get(name)?.shape?.[0] === size + 1);
  if (batched && after.problems.every(({ severity }) => severity !== 'error')) {
    return { model: opened, sources: new Map(), notes: [] };
  }
  return {
    ...unchanged(model),
    notes: [`The model takes batches of ${size} alone: its graph is written for that size.`],
  };
}

function batchOf({ type }: ValueInfo): Dim | undefined {
  return type?.kind === 'tensor' && type.shape !== undefined && type.shape.length > 0 ? type.shape[0] : undefined;
}

function withBatch(info: ValueInfo, batch: string): ValueInfo {
  const { type } = info;
  if (type?.kind !== 'tensor' || type.shape === undefined) return info;
  return { ...info, type: { ...type, shape: [batch, ...type.shape.slice(1)] } };
}
