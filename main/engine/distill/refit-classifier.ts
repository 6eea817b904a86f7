import type { TaskContext } from '../../base/progress.ts';
import { TRAINING_SESSION } from '../autograd/training-session.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import { numbersOf } from '../dataset/model-outputs.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { solvableLayers, type SolvableLayer } from '../linear/solvable-layers.ts';
import { writeConstants } from '../linear/write-weights.ts';
import { repairWeights } from '../prune/repair/repair-weights.ts';
import type { Runner } from '../runtime/runner.ts';
import { openBatch } from './open-batch.ts';
import { findHead } from './points.ts';
import type { PreparedRun } from './prepare-run.ts';
import { loadTapped } from './shapes.ts';

/** Views of each training sample that it is fitted on; twice as many and more brought no more. */
const VIEWS = 2;
const AT_ONCE = 64;
/** See `RidgeOptions`. */
const RIDGE = 0.001;

/** How far the outputs are from the teacher's on what is held out: Σ(y − t)²/Σt². */
interface Refitted {
  readonly model: Model;
  readonly before: number;
  readonly after: number;
}

/**
 * Fits the last layer again, by least squares to what the teacher's gives, where only what lies before it was trained: it was made for
 * features that the training has changed, and after pruning has some of them alone. Zeros of pruning stay.
 * @param models of one task, prepared: the trained one with its weights in it
 * @returns undefined where the layer was trained itself, is left alone or not linear in its weights, where the teacher has no value of its
 *   name, or what is held out does not gain
 * @throws RUNTIME_…, CANCELLED
 */
export async function refitClassifier(
  run: PreparedRun,
  models: { readonly trained: Model; readonly teacher: Model },
  { runner, context }: { readonly runner: Runner; readonly context: TaskContext },
): Promise<Refitted | undefined> {
  const [trained, teacher] = [openBatch(models.trained), openBatch(models.teacher)];
  const layer = classifierOf(run, trained, teacher);
  if (layer === undefined) return undefined;
  const items = run.split.trained.flatMap((sample) =>
    Array.from({ length: Math.min(VIEWS, run.samples.views) }, (_, view) => ({ sample, view })),
  );
  const batches = async function* (): FeedBatches {
    for (let at = 0; at < items.length; at += AT_ONCE) yield run.samples.feeds(items.slice(at, at + AT_ONCE));
  };
  const { changes } = await repairWeights(
    {
      pair: { float: teacher, pruned: trained, kept: new Map() },
      layers: [layer],
      on: { runner, batches },
      samples: items.length,
      context,
    },
    RIDGE,
  );
  if (changes.length === 0) return undefined;
  const model = writeConstants(models.trained, changes);
  const { signal } = context;
  const [before, after] = [await error(run, trained, { runner, signal }), await error(run, openBatch(model), { runner, signal })]; // prettier-ignore
  return after < before ? { model, before, after } : undefined;
}

/** The last layer, if no gradient reached it and it can be solved for. */
function classifierOf(run: PreparedRun, trained: Model, teacher: Model): SolvableLayer | undefined {
  if (run.matches.some(({ kind }) => kind === 'outputs' || kind === 'labels')) return undefined;
  const { classifier } = findHead(trained.graph, run.scores.student);
  const theirs = indexGraph(teacher.graph);
  const known = (value: string): boolean => theirs.producer(value) !== undefined;
  const sameInputs = trained.graph.inputs.every(({ name }) =>
    teacher.graph.inputs.some((other) => other.name === name),
  );
  if (classifier === undefined || !sameInputs) return undefined;
  const { layers } = solvableLayers(trained, { excluded: new Set(), known });
  const layer = layers.find(({ node }) => node.name === classifier.name);
  if (layer === undefined || !run.parameters.includes(layer.weight.name)) return undefined;
  return run.kept({ teacher: layer.output }).length === 0 ? layer : undefined;
}

async function error(
  run: PreparedRun,
  model: Model,
  { runner, signal }: { readonly runner: Runner; readonly signal: AbortSignal },
): Promise<number> {
  const [teacher, { student: output, teacher: theirs }] = [run.teachers[0]!, run.scores];
  const session = await loadTapped(runner, model, [], TRAINING_SESSION, signal);
  let [square, difference] = [0, 0];
  try {
    for (let at = 0; at < run.split.heldOut.length; at += AT_ONCE) {
      const items = run.split.heldOut.slice(at, at + AT_ONCE).map((sample) => ({ sample, view: 0 }));
      const give = async (from: typeof session, name: string): Promise<Float32Array> =>
        Float32Array.from(
          numbersOf((await from.run(run.samples.feeds(items, from.inputs), { outputs: [name], signal }))[name]!),
        );
      const [y, t] = [await give(session, output), await give(teacher, theirs)];
      for (const [i, value] of t.entries()) {
        square += value ** 2;
        difference += (y[i]! - value) ** 2;
      }
    }
  } finally {
    if (runner.alive) await session.close();
  }
  return square > 0 ? difference / square : difference;
}
