import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { HalfStep } from '../../contract/recipe/quantize-half.ts';
import { formatDb } from '../../judge/format.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { inferModel } from '../operators/infer.ts';
import { isRefusal } from '../passes/check-pass.ts';
import { compareOutputs, runOnce } from '../passes/compare-outputs.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { composeSources, runPasses, sourcesOf, type PassResult } from '../passes/pass.ts';
import { knowledgeOf } from '../passes/upgrade-opset.ts';
import { makeModelInputs } from '../runtime/make-inputs.ts';
import { lendRunner, withRunner } from '../runtime/runner-pool.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { calibrate } from './calibrate.ts';
import { executedModel } from './check-fusion.ts';
import { innerWeightNotes } from './inner-weights.ts';
import { halfGraph, LARGEST_HALF, type HalfGraph } from './half-graph.ts';
import type { QuantizedLayer } from './layer-report.ts';
import type { QuantizeOutcome } from './outcome.ts';
import { Upgrade } from './prepare.ts';

export interface HalfInput {
  readonly step: HalfStep;
  readonly runner: Runner;
  /** Some real inputs; undefined: made ones do. */
  readonly sampleFeeds: () => Promise<HostTensors | undefined>;
}

/**
 * The model in half precision; inputs and outputs stay float32. In float32 stay, each with its reason: what the recipe leaves
 * out, what holds subgraphs, integer kernels, layers that meet values beyond 65,504 on some inputs, and operators that the
 * runtime refuses in half precision, which it is asked. The source is not modified.
 * @throws RUNTIME_…, CANCELLED
 */
export async function quantizeHalf(
  source: Model,
  { step, runner, sampleFeeds }: HalfInput,
  context: TaskContext,
): Promise<QuantizeOutcome<HalfStep>> {
  const passes = { runners: lendRunner(runner), signal: context.signal };
  // What is measured of values is written in the operators of a later opset than the oldest models have.
  const upgrade = (model: Model): PassResult => new Upgrade().run(model);
  const prepared = await runPasses(source, [nameNodes, inlineFunctions, foldConstants, upgrade], passes);
  const { model } = prepared;
  const feeds = (await sampleFeeds()) ?? makeModelInputs(model, { batch: 1, dims: {} }).feeds;
  const blocked = blockedFromTheStart(model, (node) => sourcesOf(prepared.sources, node.name), step);
  for (const [name, reason] of await overflowing(model, feeds, { runner, context }))
    if (!blocked.has(name)) blocked.set(name, reason);
  const { made, half } = await loadable(model, blocked, feeds, context);
  const fused = await inHalf(made, runner, context);
  const [expected, got] = [await runOnce(model, feeds, runner, context), await runOnce(made, feeds, runner, context)];
  const compared = compareOutputs(expected, got);
  const layers = describe(source, { model, blocked, fused, nodesOf: (node) => sourcesOf(prepared.sources, node.name) });
  const halves = layers.filter(({ quantized }) => quantized);
  const share = halves.length === 0 ? null : halves.filter((layer) => layer.fused === true).length / halves.length;
  const worst = Math.min(...compared.map(({ sqnrDb }) => sqnrDb));
  return {
    model: made,
    sources: composeSources(prepared.sources, half.sources),
    step,
    layers,
    fusedShare: share,
    notes: [
      ...prepared.notes,
      ...(half.clamped === 0 ? [] : [`${half.clamped} weights lie beyond ±65,504 and became that.`]),
      ...(share === null || share === 1
        ? []
        : [
            `This runtime computes ${halves.length - halves.filter((layer) => layer.fused === true).length} of ${halves.length} layers in float32 between casts here: the model is smaller, and no faster.`,
          ]),
      compared.some(({ lost }) => lost > 0)
        ? 'Some outputs are no longer finite: a layer overflows in half precision; leave it out.'
        : `The outputs on some inputs: ${formatDb(worst)} against float32.`,
      ...innerWeightNotes(source),
    ],
  };
}

interface Surroundings {
  readonly runner: Runner;
  readonly context: TaskContext;
}

function blockedFromTheStart(
  model: Model,
  layersOf: (node: Node) => readonly string[],
  { exclude }: HalfStep,
): Map<string, string> {
  const knowledge = knowledgeOf(model);
  const excluded = new Set(exclude);
  const reasonFor = (node: Node): string | undefined => {
    if (layersOf(node).some((layer) => excluded.has(layer))) return 'left out by the recipe';
    if (node.attributes.some(({ type }) => type === 'graph' || type === 'graphs'))
      return 'holds subgraphs, which stay in float32';
    if (hasTrait(node, 'integerKernel') || hasTrait(node, 'quantizes') || hasTrait(node, 'dequantizes'))
      return 'computes on integers';
    const values = [...node.inputs, ...node.outputs].filter((value) => value !== '');
    const floats = values.filter((value) => knowledge.dtype(value) === 'float32');
    return floats.length === 0 ? 'works on no float32 values' : undefined;
  };
  return new Map(
    model.graph.nodes.flatMap((node): [string, string][] => {
      const reason = reasonFor(node);
      return reason === undefined ? [] : [[node.name, reason]];
    }),
  );
}

/** The nodes that make or take values beyond half precision on these inputs. */
async function overflowing(
  model: Model,
  feeds: HostTensors,
  { runner, context }: Surroundings,
): Promise<ReadonlyMap<string, string>> {
  const knowledge = knowledgeOf(model);
  const index = indexGraph(model.graph);
  const values = model.graph.nodes
    .flatMap(({ outputs }) => outputs)
    .filter((value) => value !== '' && knowledge.dtype(value) === 'float32');
  const batches = (async function* (): AsyncGenerator<HostTensors> {
    yield feeds;
  })();
  const { statistics } = await calibrate(model, values, { runner, batches, samples: 1 }, context);
  const found = new Map<string, string>();
  for (const [value, { range }] of statistics) {
    const most = Math.max(-range.min, range.max);
    if (!(most > LARGEST_HALF) || most === Infinity) continue;
    const reason = `'${value}' reaches ${most.toPrecision(3)}, more than half precision holds`;
    const producer = index.producer(value);
    for (const node of [...(producer === undefined ? [] : [producer]), ...index.consumers(value)])
      found.set(node.name, reason);
  }
  return found;
}

interface Made {
  readonly made: Model;
  readonly half: HalfGraph;
}

/**
 * The model in half precision without the operators that the runtime refuses so, or dies of; these become blocked. It is tried in processes
 * of their own.
 */
async function loadable(
  model: Model,
  blocked: Map<string, string>,
  feeds: HostTensors,
  context: TaskContext,
): Promise<Made> {
  const knowledge = knowledgeOf(model);
  const attempt = async (left: ReadonlySet<string>): Promise<Made> => {
    const half = halfGraph(model.graph, { blocked: left, isFloat: (value) => knowledge.dtype(value) === 'float32' });
    const made = { ...model, graph: half.graph };
    await withRunner((runner) => runOnce(made, feeds, runner, context), { signal: context.signal });
    return { made, half };
  };
  for (;;) {
    try {
      return await attempt(new Set(blocked.keys()));
    } catch (error) {
      const refused = isRefusal(error)
        ? refusedNode(error.message, model.graph.nodes)?.opType
        : await deadlyOperator(error, { model, blocked, attempt });
      const nodes = model.graph.nodes.filter(({ name, opType }) => opType === refused && !blocked.has(name));
      if (nodes.length === 0) throw error;
      const verb = isRefusal(error) ? 'refuses' : 'dies of';
      for (const { name, opType } of nodes) blocked.set(name, `the runtime ${verb} ${opType} in half precision here`);
    }
  }
}

/** The kind of operator without which the runtime no longer dies of a model in half precision; undefined: there is no single one. */
async function deadlyOperator(
  error: unknown,
  given: {
    readonly model: Model;
    readonly blocked: ReadonlyMap<string, string>;
    readonly attempt: (left: ReadonlySet<string>) => Promise<Made>;
  },
): Promise<string | undefined> {
  if (!(error instanceof StudioError) || error.code !== 'RUNTIME_DIED') return undefined;
  const inHalf = given.model.graph.nodes.filter(({ name }) => !given.blocked.has(name));
  for (const kind of new Set(inHalf.map(({ opType }) => opType))) {
    const without = inHalf.filter(({ opType }) => opType === kind).map(({ name }) => name);
    try {
      await given.attempt(new Set([...given.blocked.keys(), ...without]));
      return kind;
    } catch (other) {
      if (isRefusal(other)) return kind;
      if (!(other instanceof StudioError) || other.code !== 'RUNTIME_DIED') throw other;
    }
  }
  return undefined;
}

/** The node that a refusal names: "… in node (NAME) …" or "Node (NAME) …". */
function refusedNode(message: string, nodes: readonly Node[]): Node | undefined {
  const names = [...message.matchAll(/node\s*[(:]\s*'?([^)']+)/giu)].map(([, name]) => name?.trim());
  return nodes.find(({ name }) => names.includes(name));
}

/** The nodes that take half precision in the graph that the runtime executes. */
async function inHalf(model: Model, runner: Runner, context: TaskContext): Promise<ReadonlySet<string>> {
  const executed = await executedModel(model, runner, context);
  const { values } = inferModel(executed);
  const halves = executed.graph.nodes.filter(({ inputs, outputs }) =>
    [...inputs.slice(0, 1), ...outputs].some((value) => values.get(value)?.dtype === 'float16'),
  );
  return new Set(halves.map(({ name }) => name));
}

interface Found {
  readonly model: Model;
  readonly blocked: ReadonlyMap<string, string>;
  readonly fused: ReadonlySet<string>;
  readonly nodesOf: (node: Node) => readonly string[];
}

function describe(source: Model, { model, blocked, fused, nodesOf }: Found): readonly QuantizedLayer[] {
  const serving = Map.groupBy(
    model.graph.nodes.flatMap((node) => nodesOf(node).map((layer) => [layer, node] as const)),
    ([layer]) => layer,
  );
  const layers: QuantizedLayer[] = [];
  for (const { node, layer, parent } of walkNodes(source)) {
    if (hasTrait(node, 'constant')) continue;
    const nodes = (serving.get(layer) ?? []).map(([, own]) => own);
    const reason = nodes.map(({ name }) => blocked.get(name)).find((one) => one !== undefined);
    const quantized = parent === null && nodes.some(({ name }) => !blocked.has(name));
    const why = parent === null ? (reason ?? (nodes.length === 0 ? 'computed beforehand' : null)) : 'inside a subgraph';
    layers.push({
      name: layer,
      op: node.opType,
      quantized,
      fused: quantized ? nodes.every(({ name }) => fused.has(name)) : null,
      reason: quantized ? null : why,
    });
  }
  return layers;
}
