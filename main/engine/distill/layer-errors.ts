import type { TrainedLayer } from '../../contract/training.ts';
import { TRAINING_SESSION } from '../autograd/training-session.ts';
import { numbersOf } from '../dataset/model-outputs.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import { elementCount, type HostTensors } from '../tensor/host-tensor.ts';
import { isWeighted } from '../layers/waists.ts';
import { openBatch } from './open-batch.ts';
import type { PreparedRun } from './prepare-run.ts';
import { loadTapped } from './shapes.ts';
import { takeChannels } from './teacher.ts';

/** Held-out samples that are compared at most, and run at once. */
const COMPARED = 64;
const AT_ONCE = 16;

interface Compared {
  readonly teacher: Model;
  readonly before: Model;
  readonly after: Model;
}

/**
 * How far each layer's output is from the teacher's, before and after the training, on held-out samples: Σ(y − t)²/Σt². Layers whose
 * values the teacher does not have by the same name are left out.
 */
export async function layerErrors(
  run: PreparedRun,
  models: Compared,
  { runner, signal }: { readonly runner: Runner; readonly signal: AbortSignal },
): Promise<TrainedLayer[]> {
  const [ours, theirs] = [indexGraph(models.before.graph), indexGraph(models.teacher.graph)];
  const layers = models.before.graph.nodes.flatMap((node) => {
    const [value = ''] = node.outputs;
    return isWeighted(ours, node) && theirs.producer(value) !== undefined
      ? [{ name: node.name, op: node.opType, value }]
      : [];
  });
  if (layers.length === 0) return [];
  const values = layers.map(({ value }) => value);
  const load = (model: Model): Promise<Session> =>
    loadTapped(runner, openBatch(model), values, TRAINING_SESSION, signal);
  const sessions = [await load(models.teacher), await load(models.before), await load(models.after)] as const;
  const sums = layers.map(() => ({ square: 0, before: 0, after: 0 }));
  try {
    const places = run.split.heldOut.slice(0, COMPARED);
    for (let at = 0; at < places.length; at += AT_ONCE) {
      const items = places.slice(at, at + AT_ONCE).map((sample) => ({ sample, view: 0 }));
      const give = (session: Session): Promise<HostTensors> =>
        session.run(run.samples.feeds(items, session.inputs), { outputs: values, signal });
      const [target, before, after] = [await give(sessions[0]), await give(sessions[1]), await give(sessions[2])];
      for (const [place, { value }] of layers.entries()) {
        const cut = cutTarget(target, value, run);
        const [a, b] = [numbersOf(before[value]!), numbersOf(after[value]!)];
        if (a.length !== cut.length) continue;
        const sum = sums[place]!;
        for (let i = 0; i < cut.length; i++) {
          sum.square += cut[i]! ** 2;
          sum.before += (a[i]! - cut[i]!) ** 2;
          sum.after += (b[i]! - cut[i]!) ** 2;
        }
      }
    }
  } finally {
    if (runner.alive) for (const session of sessions) await session.close();
  }
  return layers.flatMap(({ name, op }, place) => {
    const { square, before, after } = sums[place]!;
    return square > 0 ? [{ name, op, before: before / square, after: after / square }] : [];
  });
}

/** The teacher's value with the channels that the student has. */
function cutTarget(target: HostTensors, value: string, run: PreparedRun): Float32Array {
  const tensor = target[value]!;
  let { dims } = tensor;
  let data: Float32Array = Float32Array.from(numbersOf(tensor));
  if (elementCount(dims) !== data.length) return data;
  for (const cut of run.kept({ teacher: value })) ({ dims, data } = takeChannels(data, dims, cut));
  return data;
}
