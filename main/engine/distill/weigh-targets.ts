import { evaluationGraph } from '../autograd/evaluation-graph.ts';
import type { Loss } from '../autograd/loss.ts';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import { firstNumber } from '../tensor/host-tensor.ts';
import { lossOf } from './losses.ts';
import type { Target } from './match.ts';
import type { PreparedRun } from './prepare-run.ts';
import { studentGraph } from './student-graph.ts';
import { Teacher } from './teacher.ts';

/** Targets that are held in memory take at most this much. */
const TARGET_BYTES = 2 ** 30;

/** A student with everything that it is compared with. */
export interface WeighedTargets {
  /** With masks and adaptors. */
  readonly model: Model;
  readonly adaptors: readonly string[];
  /** Parameters with zeros that stay. */
  readonly masked: readonly string[];
  readonly teacher: Teacher;
  readonly targets: readonly Target[];
  /** What each loss is multiplied by in the sum. */
  readonly weights: readonly number[];
  readonly losses: readonly Loss[];
}

/** Several losses have their shares of the sum at the start. @throws DATA_INVALID where the teacher gives NaN; RUNTIME_…, CANCELLED */
export async function weighTargets(
  run: PreparedRun,
  options: {
    /** Weights whose zeros stay. */
    readonly parameters: readonly string[];
    readonly temperature: number;
    readonly batch: number;
    readonly signal: AbortSignal;
  },
): Promise<WeighedTargets> {
  const { parameters, temperature, signal, batch } = options;
  const { model, targets, adaptors, masked } = studentGraph(run.student, run.matches, parameters);
  const teacher = new Teacher({
    sessions: run.teachers,
    samples: run.samples,
    targets,
    kept: run.kept,
    budget: TARGET_BYTES,
    signal,
  });
  const losses = (weights: readonly number[]): readonly Loss[] =>
    targets.map((target, at) => lossOf(target, temperature, weights[at]!));
  const plain = { model, targets, teacher, losses: losses(targets.map(() => 1)) };
  const first = await initialLosses(run, plain, { batch, signal });
  const weights = targets.map(({ match }, at) => (first[at]! > 0 ? match.share / first[at]! : match.share));
  return { model, adaptors, masked, teacher, targets, weights, losses: losses(weights) };
}

/** Each loss on the first training samples, before anything is trained. */
async function initialLosses(
  run: PreparedRun,
  { model, targets, teacher, losses }: Pick<WeighedTargets, 'model' | 'targets' | 'teacher' | 'losses'>,
  { batch, signal }: { readonly batch: number; readonly signal: AbortSignal },
): Promise<readonly number[]> {
  if (targets.length === 1) return [targets[0]!.match.share];
  const bytes = encodeModel(evaluationGraph({ model, losses, outputs: [] }, []));
  const { runners, settings } = run.lanes;
  const runner = runners[0]!;
  const session = await runner.load({ bytes }, settings, { signal });
  try {
    const items = run.split.trained.slice(0, batch).map((sample) => ({ sample, view: 0 }));
    const feeds = { ...run.samples.feeds(items), ...(await teacher.targetsOf(items)) };
    const outputs = await session.run(feeds, { outputs: targets.map(({ loss }) => loss), signal });
    return targets.map(({ loss }) => firstNumber(outputs[loss]!));
  } finally {
    if (runner.alive) await session.close();
  }
}
