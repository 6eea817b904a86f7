import { StudioError } from '../../base/errors.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { makeValueInfo } from '../graph/make.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { sourceOfModel } from './model-source.ts';
import type { RunnerCallOptions } from './protocol.ts';
import type { Runner } from './runner.ts';

/**
 * The model with intermediate values of its main graph as further outputs, after its own. Shares everything else.
 * @param names values that some node of the main graph makes; those that are outputs already stay where they are
 * @throws MODEL_UNKNOWN_LAYER for a name that no node of the main graph makes
 */
export function tapModel(model: Model, names: readonly string[]): Model {
  const index = indexGraph(model.graph);
  const wanted = [...new Set(names)].filter((name) => !index.isOutput(name));
  for (const name of wanted) {
    if (index.producer(name) === undefined) {
      throw new StudioError('MODEL_UNKNOWN_LAYER', `No node of the main graph makes a value '${name}'`);
    }
  }
  // without a declared type the runtime infers it itself
  const taps = wanted.map(
    (name) => index.valueInfo(name) ?? { ...makeValueInfo(name, undefined, undefined), type: undefined },
  );
  return { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, ...taps] } };
}

export interface MeasuredShape {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/**
 * Learns the shapes that values really have by running the model once with them as outputs, in the form that `inferModel`
 * takes as `measured`. The graph runs as written (no optimisation), so every value exists.
 * @param values names to measure; those that are no tensors are left out of the result
 * @throws as `runner.load` and `session.run`
 */
export async function measureShapes(
  runner: Runner,
  tapped: {
    readonly model: Model;
    readonly values: readonly string[];
    readonly feeds: HostTensors;
  },
  options: RunnerCallOptions = {},
): Promise<ReadonlyMap<string, MeasuredShape>> {
  const source = sourceOfModel(tapModel(tapped.model, tapped.values));
  const session = await runner.load(source, { provider: 'cpu', threads: null, optimization: 'disabled' }, options);
  try {
    const isTensor = new Set(session.outputs.filter((port) => port.dtype !== null).map((port) => port.name));
    const outputs = tapped.values.filter((name) => isTensor.has(name));
    const measured = new Map<string, MeasuredShape>();
    if (outputs.length === 0) return measured;
    const tensors = await session.run(tapped.feeds, { ...options, outputs });
    for (const [name, { dtype, dims }] of Object.entries(tensors)) measured.set(name, { dtype, shape: dims });
    return measured;
  } finally {
    if (runner.alive) await session.close(options);
  }
}
