import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { StaticStep } from '../../../contract/recipe/quantize-static.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import type { Model } from '../../graph/ir.ts';
import type { Runner } from '../../runtime/runner.ts';
import { byLevel, levelsOf } from '../../sums/levels.ts';
import { thinningOf } from '../../sums/thinning.ts';
import type { QuantizationPlan } from '../plan-quantization.ts';
import type { WrittenPlan } from '../settle-plan.ts';
import { biasShifts } from './bias-shifts.ts';
import { codedLayers, pairOf, type CodedLayer, type ModelPair } from './coded-layer.ts';
import { learnRounding } from './learn-rounding.ts';
import { sampleLayers } from './layer-samples.ts';
import type { RefinedLayer, Refinement, WeightCodes } from './refined-layer.ts';
import { activatedPower, codesOf, problemOf } from './rounding-problem.ts';

export interface RefineTask {
  readonly float: Model;
  readonly plan: QuantizationPlan;
  readonly quantized: WrittenPlan;
  /** Writes the plan with other codes and biases. */
  readonly rewrite: (refined: ReadonlyMap<string, RefinedLayer>) => WrittenPlan;
  readonly step: Pick<StaticStep, 'rounding' | 'biasCorrection'>;
  readonly runner: Runner;
  readonly batches: () => FeedBatches;
  readonly samples: number;
  readonly context: TaskContext;
}

/** Chance is the same every time. */
const SEED = 1;

/**
 * Finds codes and biases that bring each layer's outputs nearer to the float model's, in the order of the graph, each layer on the
 * data that the quantized model gives it with all layers before it refined already.
 * @throws RUNTIME_…, CANCELLED
 * @see Nagel et al. 2020 (AdaRound); Nagel et al. 2019 (data-free quantization), 4.2, for biases
 */
export async function refineLayers(
  task: RefineTask,
): Promise<{ readonly quantized: WrittenPlan; readonly layers: ReadonlyMap<string, Refinement> }> {
  const { float, plan, step, context } = task;
  const layers = codedLayers(plan, task.quantized);
  const refined = new Map<string, RefinedLayer>(
    layers.map(({ unit, written }) => [unit.layer, { scales: written.scales }]),
  );
  const reports = new Map<string, { -readonly [K in keyof Refinement]: Refinement[K] }>(
    layers.map(({ unit }) => [unit.layer, { rounding: null, biasShift: null, note: null }]),
  );
  const level = levelsOf(float.graph, new Set(layers.map(({ node }) => node)));
  const rounds = byLevel(layers, ({ node }) => level(node.outputs[0] ?? ''));
  let done = 0;
  const correct = async (round: readonly CodedLayer[], fast: boolean): Promise<void> => {
    const now = task.rewrite(refined);
    const coded = round.map((layer) => ({ ...layer, written: now.weights.get(layer.unit.layer)! }));
    const shifts = await biasShifts(task, pairOf(float, now), coded, fast);
    for (const [at, { unit, written }] of coded.entries()) {
      const report = reports.get(unit.layer)!;
      const { shift, scale } = shifts[at]!;
      if (written.bias === undefined) report.note = 'it has no place for a bias';
      else {
        const bias = Float32Array.from(written.bias, (value, m) => value + shift[m]!);
        refined.set(unit.layer, { ...refined.get(unit.layer)!, bias });
        const largest = shift.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        report.biasShift = scale > 0 ? largest / scale : 0;
      }
    }
  };
  for (const round of rounds) {
    throwIfCancelled(context.signal, 'Quantizing');
    context.progress({ stage: 'Refining', done, total: layers.length });
    if (step.rounding === 'adaround') {
      await learnRound(task, pairOf(float, task.rewrite(refined)), round, (at, codes, error) => {
        const { unit, written } = round[at]!;
        refined.set(unit.layer, { ...refined.get(unit.layer)!, codes, scales: written.scales });
        reports.get(unit.layer)!.rounding = error;
        context.progress({ stage: 'Refining', done: done + at + 1, total: layers.length });
      });
    }
    if (step.biasCorrection === 'empirical') await correct(round, false);
    done += round.length;
  }
  if (step.biasCorrection === 'fast') await correct(layers, true);
  return { quantized: task.rewrite(refined), layers: reports };
}

async function learnRound(
  { float, runner, batches, samples, context }: RefineTask,
  pair: ModelPair,
  round: readonly CodedLayer[],
  learnt: (at: number, codes: WeightCodes, error: { before: number; after: number }) => void,
): Promise<void> {
  const sampled = round.map((layer) => ({
    node: layer.node,
    form: layer.form,
    rank: layer.written.dims.length,
    data: pair.valuesOf(layer).data,
    target: layer.node.outputs[0] ?? '',
    step: thinningOf(float, { samples, rowsPerColumn: Math.max(8, 16384 / layer.form.columns) })(layer),
  }));
  // One layer at a time: only its own columns are in memory.
  for (const [at, layer] of round.entries()) {
    const run = { runner, batches: batches(), samples, seed: SEED };
    const [found] = await sampleLayers(pair.model, [sampled[at]!], run, context.signal);
    const { problem, share } = problemOf(layer, found!);
    const { codes, error } = await learnRounding(problem, share, runner, {
      signal: context.signal,
      progress: () => undefined,
    });
    const power = activatedPower(problem);
    const shareOf = (squares: number): number => (power > 0 ? squares / power : 0);
    learnt(at, codesOf(layer, codes), { before: shareOf(error.before), after: shareOf(error.after) });
  }
}
