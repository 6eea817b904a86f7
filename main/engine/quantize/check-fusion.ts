import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { parseModel } from '../onnx/parse.ts';
import type { TaskContext } from '../../base/progress.ts';
import { hasTrait, isQdq } from '../operators/ask.ts';
import { inferModel } from '../operators/infer.ts';
import type { Runner } from '../runtime/runner.ts';
import { sourceOfModel, withWeightsOf } from '../runtime/model-source.ts';
import { qdqGroups, type QdqGroup } from './qdq-groups.ts';

/**
 * Tells for each quantized layer whether the runtime runs it as an integer kernel here: it lets the runtime write the
 * graph that it would execute and looks whether the layer's codes come from a kernel rather than from a QuantizeLinear.
 * Layers that nobody quantized count too where the runtime runs them on codes: it moves a DequantizeLinear behind what only
 * moves values.
 * @param model with QuantizeLinear–DequantizeLinear pairs, from any tool
 * @returns by layer name; layers that are not quantized and run in float are not in it
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_DIED, CANCELLED
 */
export async function checkFusion(
  model: Model,
  runner: Runner,
  context: TaskContext,
): Promise<ReadonlyMap<string, boolean>> {
  return fusionOf(model, await executedModel(model, runner, context));
}

/** As `checkFusion` tells it, from the graph that the runtime executes for a model. */
export function fusionOf(model: Model, executed: Model): ReadonlyMap<string, boolean> {
  const optimized = indexGraph(executed.graph);
  const fused = new Map(qdqGroups(model.graph).map((group) => [group.layer, isFused(group, optimized)]));
  for (const layer of onCodes(model, executed)) if (!fused.has(layer)) fused.set(layer, true);
  return fused;
}

/**
 * The graph that the runtime executes, before its layouts are changed: one level below what runs later.
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_DIED, CANCELLED
 */
export async function executedModel(model: Model, runner: Runner, context: TaskContext): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-fusion-'));
  try {
    const optimizedModelPath = join(folder, 'optimized.onnx');
    context.progress({ stage: 'Checking fusion', done: 0, total: 1 });
    const source = sourceOfModel(model);
    const session = await runner.load(
      source,
      // One level below what runs later: 'all' only changes layouts beyond it, and renames what it moves.
      { provider: 'cpu', threads: 1, optimization: 'extended', optimizedModelPath },
      { signal: context.signal },
    );
    await session.close();
    const executed = parseModel(new Uint8Array(await readFile(optimizedModelPath)), folder);
    context.progress({ stage: 'Checking fusion', done: 1, total: 1 });
    return withWeightsOf(executed, source);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isFused(group: QdqGroup, optimized: GraphIndex): boolean {
  const kernel = optimized.producer(group.codes ?? group.real);
  if (kernel === undefined) {
    // Moved or renamed by an optimisation (a Transpose pushed behind a Gather, say): the layer's own name still tells.
    const named = optimized.nodeByName(group.node.name);
    return named === undefined || !isBetweenConversions(named, optimized);
  }
  if (group.codes === undefined) return hasTrait(kernel, 'integerToFloat');
  return !hasTrait(kernel, 'quantizes');
}

/** The layers that are written in float32 and run on codes, or as an integer kernel, in the graph that is executed. */
function onCodes(model: Model, executed: Model): readonly string[] {
  const names = layerNames(model.graph);
  const optimized = indexGraph(executed.graph);
  const [written, run] = [inferModel(model).values, inferModel(executed).values];
  return model.graph.nodes.flatMap((node, at) => {
    const kernel = isQdq(node) ? undefined : optimized.nodeByName(node.name);
    if (kernel === undefined || written.get(node.inputs[0] ?? '')?.dtype !== 'float32') return [];
    const isCode = /^u?int8$/.test(run.get(kernel.inputs[0] ?? '')?.dtype ?? '');
    return isCode ? [names[at]!] : [];
  });
}

function isBetweenConversions(node: Node, index: GraphIndex): boolean {
  const dequantized = node.inputs.some((value) => hasTrait(index.producer(value), 'dequantizes'));
  const quantized = node.outputs.some((value) => index.consumers(value).some((next) => hasTrait(next, 'quantizes')));
  return dequantized || quantized;
}
