import type { TaskContext } from '../../../base/progress.ts';
import { throwIfCancelled } from '../../../base/errors.ts';
import { differentiate, type BlockedLayer } from '../../autograd/differentiate.ts';
import { prepareTraining } from '../../autograd/prepare.ts';
import type { Closure } from '../../channels/closure.ts';
import { batchSize, type FeedBatches } from '../../dataset/feed-batches.ts';
import { allValueNames } from '../../graph/index-graph.ts';
import type { Model, Shape } from '../../graph/ir.ts';
import { makeValueInfo } from '../../graph/make.ts';
import { isFloating } from '../../operators/node-writer.ts';
import { GraphWriter } from '../../operators/graph-writer.ts';
import { inferModel } from '../../operators/infer.ts';
import { defaultOpset } from '../../passes/upgrade-opset.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { Runner } from '../../runtime/runner.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';
import { seededRandom } from '../../tensor/random.ts';
import type { ChannelGroup } from './groups.ts';

export interface TaylorScores {
  /** By group and atom; undefined: no gradient reaches the group. */
  readonly scores: readonly (Float64Array | undefined)[];
  /** Layers that no gradient passes. */
  readonly blocked: readonly BlockedLayer[];
}

/** A value that a group's layers give, the axis with its atoms, and what the gradient graph tells of it. */
interface Gate {
  readonly group: number;
  readonly value: string;
  /** The atom of each element of the axis; −1: of another group. */
  readonly atoms: Int32Array;
  readonly axis: number;
}

/**
 * How much the outputs change, to first order, when an atom is taken out: Σ over samples of (Σ a·∂L/∂a)², summed over the places
 * of an atom in everything that its group's layers give; that is the squared slope along a gate of 1 on the atom. There are no
 * labels: where an output is a row of scores, L is the log-likelihood of a class drawn from the model's own scores (so that the
 * mean is the Fisher information of the gate), else a random direction of the output.
 * @param batches calibration feeds; each is run forward once, and forward and backward once
 * @see Molchanov et al. 2019, eq. 8; Kwon et al. 2022, eq. 5 (the diagonal of the Fisher information of masks)
 * @throws TRAIN_NO_GRADIENT when none reaches any group; RUNTIME_…, CANCELLED
 */
export async function taylorScores(
  closure: Closure,
  groups: readonly ChannelGroup[],
  on: { readonly runner: Runner; readonly batches: () => FeedBatches; readonly samples: number },
  context: TaskContext,
): Promise<TaylorScores> {
  const { runner } = on;
  const pass = { runners: lendRunner(runner), signal: context.signal };
  const { model } = await prepareTraining(closure.model, pass);
  const graph = slopeGraph(model, gatesOf(closure, groups));
  const scores = groups.map((group) => new Float64Array(group.roots.length));
  const settings = { provider: 'cpu', threads: null } as const;
  const forward = await runner.load(sourceOfModel(model), settings, { signal: context.signal });
  const backward = await runner.load(sourceOfModel(graph.model), settings, { signal: context.signal });
  const random = seededRandom(0);
  let done = 0;
  try {
    for await (const feeds of on.batches()) {
      throwIfCancelled(context.signal, 'The pruning');
      context.progress({ stage: 'Following gradients', done, total: on.samples });
      const outputs = await forward.run(feeds, { outputs: [...graph.directions.keys()], signal: context.signal });
      const directions = Object.fromEntries(
        [...graph.directions].map(([output, input]) => [input, directionOf(outputs[output]!, random)]),
      );
      const slopes = await backward.run({ ...feeds, ...directions }, { signal: context.signal });
      addSlopes(scores, graph.gates, slopes);
      done += batchSize(feeds);
    }
  } finally {
    if (runner.alive) {
      await forward.close();
      await backward.close();
    }
  }
  const reached = new Set(graph.gates.map(({ group }) => group));
  return { scores: scores.map((own, at) => (reached.has(at) ? own : undefined)), blocked: graph.blocked };
}

/** What the layers of each group give, with the places of its atoms. */
function gatesOf({ model, axes, sets }: Closure, groups: readonly ChannelGroup[]): readonly Gate[] {
  const nodes = new Map(model.graph.nodes.map((node) => [node.name, node]));
  return groups.flatMap((group, at) => {
    const atomOf = new Map(Array.from(group.roots, (root, atom) => [root, atom]));
    const layers = new Set(group.members.filter(({ role }) => role === 'produces').map(({ layer }) => layer));
    const values = [...layers].flatMap((layer) => nodes.get(layer)?.outputs ?? []).filter((value) => value !== '');
    return values.flatMap((value) =>
      (axes.shape(value) ?? []).flatMap((_, axis): Gate[] => {
        const first = axes.first(value, axis);
        if (first < 0) return [];
        const size = axes.size(value, axis);
        const atoms = Int32Array.from(
          { length: size },
          (_unused, element) => atomOf.get(sets.root(first + element)) ?? -1,
        );
        return atoms.some((atom) => atom >= 0) ? [{ group: at, value, atoms, axis }] : [];
      }),
    );
  });
}

interface SlopeGraph {
  /** Takes the model's feeds and a direction for each output; gives Σ a·∂L/∂a of each gate, [samples, size of the axis]. */
  readonly model: Model;
  /** Input that takes the direction, by output. */
  readonly directions: ReadonlyMap<string, string>;
  readonly gates: readonly (Gate & { readonly output: string })[];
  readonly blocked: readonly BlockedLayer[];
}

function slopeGraph(model: Model, gates: readonly Gate[]): SlopeGraph {
  const { values } = inferModel(model);
  const write = new GraphWriter({ taken: allValueNames(model.graph), opset: defaultOpset(model), prefix: 'taylor' });
  const floats = model.graph.outputs.filter(({ name }) => isFloating(values.get(name)?.dtype));
  const directions = new Map(floats.map(({ name }) => [name, write.fresh(`taylor/${name}`)]));
  const inputs = floats.map(({ name }) =>
    makeValueInfo(directions.get(name)!, values.get(name)!.dtype, values.get(name)?.shape),
  );
  const terms = floats.map(({ name }) => write.reduceSum(write.mul(name, directions.get(name)!), undefined, false));
  const loss = write.copy(write.sum(terms), write.fresh('taylor/loss'));
  const { graph } = model;
  const weighed: Model = {
    ...model,
    graph: {
      ...graph,
      inputs: [...graph.inputs, ...inputs],
      nodes: [...graph.nodes, ...write.nodes],
      initializers: [...graph.initializers, ...write.initializers],
    },
  };
  const by = [...new Set(gates.map(({ value }) => value))];
  const derived = differentiate(weighed, { of: loss, by, passOver: true });
  const tell = new GraphWriter({
    taken: allValueNames(derived.model.graph),
    opset: defaultOpset(model),
    prefix: 'slope',
  });
  const told = gates.flatMap((gate) => {
    const gradient = derived.gradients.get(gate.value);
    if (gradient === undefined) return [];
    return [{ ...gate, output: slopeOf(tell, gate, { gradient, shape: values.get(gate.value)?.shape }) }];
  });
  const whole = derived.model.graph;
  return {
    directions,
    gates: told,
    blocked: derived.blocked,
    model: {
      ...derived.model,
      graph: {
        ...whole,
        nodes: [...whole.nodes, ...tell.nodes],
        initializers: [...whole.initializers, ...tell.initializers],
        outputs: told.map(({ output }) => makeValueInfo(output, 'float32', undefined)),
        valueInfos: [],
      },
    },
  };
}

/** Σ a·∂L/∂a over all axes but the first (of samples) and that of the atoms: [samples, size]. */
function slopeOf(
  write: GraphWriter,
  { value, axis, atoms }: Gate,
  { gradient, shape }: { readonly gradient: string; readonly shape: Shape | undefined },
): string {
  const rank = shape?.length ?? axis + 1;
  const summed = Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis && at !== 0);
  return write.reshapeTo(write.reduceSum(write.mul(value, gradient), summed, false), [-1, atoms.length]);
}

/**
 * The slope of the log-likelihood of a class that is drawn from the scores, one-hot − softmax; for outputs that are no rows of
 * scores a standard normal direction, divided by the root of its length.
 */
function directionOf({ dtype, dims, data }: HostTensor, random: () => number): HostTensor {
  const values = data as Float32Array;
  const direction = new Float32Array(values.length);
  const classes = dims.length === 2 ? dims[1]! : 1;
  if (classes > 1) {
    for (let at = 0; at < values.length; at += classes)
      drawClass(values.subarray(at, at + classes), direction.subarray(at, at + classes), random);
  } else {
    const scale = 1 / Math.sqrt(Math.max(1, values.length / Math.max(1, dims[0] ?? 1)));
    for (let at = 0; at < direction.length; at++) direction[at] = standardNormal(random) * scale;
  }
  return { dtype, dims, data: direction };
}

function drawClass(scores: Float32Array, direction: Float32Array, random: () => number): void {
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  let total = 0;
  for (let at = 0; at < scores.length; at++) total += Math.exp(scores[at]! - most);
  let left = random() * total;
  let drawn = scores.length - 1;
  for (let at = 0; at < scores.length; at++) {
    const share = Math.exp(scores[at]! - most);
    direction[at] = -share / total;
    if (left >= 0 && left < share) drawn = at;
    left -= share;
  }
  direction[drawn]! += 1;
}

/** Box and Muller 1958. */
function standardNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Adds each sample's squared slopes; gates of one group are one gate. */
function addSlopes(scores: readonly Float64Array[], gates: SlopeGraph['gates'], slopes: HostTensors): void {
  for (const [group, own] of Map.groupBy(gates, (gate) => gate.group)) {
    const total = scores[group]!;
    const samples = Math.max(...own.map(({ output, atoms }) => slopes[output]!.data.length / atoms.length));
    for (let sample = 0; sample < samples; sample++) {
      const sums = new Float64Array(total.length);
      for (const { output, atoms } of own) {
        const values = slopes[output]!.data as Float32Array;
        const start = sample * atoms.length;
        for (let at = 0; at < atoms.length && start < values.length; at++) {
          if (atoms[at]! >= 0) sums[atoms[at]!]! += values[start + at]!;
        }
      }
      for (let atom = 0; atom < sums.length; atom++) total[atom]! += sums[atom]! ** 2;
    }
  }
}
