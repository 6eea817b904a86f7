import type { Inspect, LayerInfo, ModelSummary, Problem, ValueRef } from '../../contract/results.ts';
import type { Model, ValueInfo } from '../../engine/graph/ir.ts';
import { scopeOf } from '../../engine/graph/layers.ts';
import { validateModel } from '../../engine/graph/validate.ts';
import { walkNodes } from '../../engine/graph/walk.ts';
import { groupLayers } from '../../engine/layers/group-layers.ts';
import { statedInference } from '../../engine/operators/stated-inference.ts';
import { layerPrecisions } from '../../engine/layers/precision.ts';
import type { LayerCost } from '../../engine/operators/cost.ts';
import type { Inference } from '../../engine/operators/inference.ts';
import type { OpenedFile } from '../../engine/onnx/open.ts';
import { inferModel } from '../../engine/operators/infer.ts';
import { openShared, refusalOf } from './opened-models.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { OperationParams } from './operation-map.ts';
import { sizedModel } from './sized-model.ts';

/**
 * What is in a model: its file, interface, layers, costs and problems. Nothing is run; where something seems wrong, the runtime
 * is asked whether it loads, and what it loads in spite of is a warning.
 */
export async function inspect(
  { path, dims, scanWeights }: OperationParams<'inspect'>,
  context: Pick<TaskContext, 'signal'>,
): Promise<Inspect> {
  const { model } = await openShared(path);
  const { inference, costs } = sizedModel(model, dims);
  return {
    ...(await summary({ path, dims })),
    layers: describeLayers(model, inference, costs),
    problems: await problems({ path, dims, scanWeights }, context),
  };
}

/** What does not grow with the model: its file, its interface, and what all layers have together. */
export async function summary({ path, dims }: OperationParams<'summary'>): Promise<ModelSummary> {
  const opened = await openShared(path);
  const { model } = opened;
  // The sizes that a profile would choose, so that costs and times are of the same work.
  const { assumedDims, inference, costs } = sizedModel(model, dims);
  const constants = new Set(model.graph.initializers.map((tensor) => tensor.name));
  return {
    model: describeFile(opened),
    inputs: model.graph.inputs.filter(({ name }) => !constants.has(name)).map(describeValue),
    outputs: model.graph.outputs.map((output) => describeOutput(output, inference)),
    nodes: model.graph.nodes.length,
    operators: countOperators(model),
    parameters: sum(costs.map((cost) => cost.parameters)),
    parameterBytes: sum(costs.map((cost) => cost.parameterBytes)),
    macs: sum(costs.map((cost) => cost.macs ?? 0)),
    assumedDims: { ...assumedDims },
  };
}

/** What is wrong with a model whatever the sizes that are assumed: those are no statement of it. Errors are what the runtime refuses too. */
export async function problems(
  { path, dims, scanWeights }: OperationParams<'problems'>,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<Problem[]> {
  const opened = await openShared(path);
  const { model } = opened;
  const inference = Object.keys(dims).length === 0 ? statedInference(model) : inferModel(model, { dims });
  const found = [...validateModel(model, { scanWeights }), ...inference.problems].map(
    ({ code, message, layer, severity }): Problem => ({ code, message, layer, severity }),
  );
  const suspect = found.some(({ severity }) => severity === 'error');
  if (!suspect || (await refusalOf(opened, signal)) !== undefined) return found;
  return found.map((problem) => ({ ...problem, severity: 'warning' }));
}

function describeFile({ model, path, sha256, bytes, externalBytes }: OpenedFile): Inspect['model'] {
  return {
    path,
    sha256,
    bytes,
    externalBytes,
    irVersion: model.irVersion,
    opsets: Object.fromEntries(model.opsetImports.map(({ domain, version }) => [domain || 'ai.onnx', version])),
    producer: [model.producerName, model.producerVersion].filter((part) => part !== '').join(' '),
    metadata: Object.fromEntries(model.metadata.map(({ key, value }) => [key, value])),
  };
}

/** Costs are those of the assumed sizes; so are the shapes. */
function describeLayers(model: Model, inference: Inference, costs: readonly LayerCost[]): LayerInfo[] {
  const grouped = groupLayers(model);
  const precisions = layerPrecisions(grouped, inference);
  return [...walkNodes(model)].map(({ node, layer, parent }, index) => {
    const cost = costs[index];
    const owner = grouped.of(node);
    const precision = owner?.main.node === node ? precisions.get(owner) : undefined;
    return {
      name: layer,
      layer: owner?.name ?? layer,
      precision: precision === undefined || precision === '' ? null : precision,
      op: node.opType,
      domain: node.domain,
      scope: scopeOf(layer),
      parent,
      inputs: [...node.inputs],
      outputs: node.outputs.filter((name) => name !== '').map((name) => inferredValue(name, inference)),
      parameters: cost?.parameters ?? 0,
      parameterBytes: cost?.parameterBytes ?? 0,
      macs: cost?.macs ?? null,
      bytes: cost?.bytes ?? null,
      known: cost?.known ?? false,
    };
  });
}

function inferredValue(name: string, inference: Inference): ValueRef {
  const value = inference.values.get(name);
  return { name, dtype: value?.dtype ?? null, shape: value?.shape === undefined ? null : [...value.shape] };
}

function describeValue({ name, type }: ValueInfo): ValueRef {
  if (type === undefined || type.kind === 'other') return { name, dtype: null, shape: null };
  if (type.kind !== 'tensor' && type.kind !== 'sparseTensor') return { name, dtype: type.kind, shape: null };
  return { name, dtype: type.dtype ?? null, shape: type.shape === undefined ? null : [...type.shape] };
}

/** As the file declares it; what it leaves out, from inference. */
function describeOutput(output: ValueInfo, inference: Inference): ValueRef {
  const declared = describeValue(output);
  const inferred = inferredValue(output.name, inference);
  return { ...declared, dtype: declared.dtype ?? inferred.dtype, shape: declared.shape ?? inferred.shape };
}

function countOperators(model: Model): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { node } of walkNodes(model)) {
    const name = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
