import { throwIfCancelled } from '../../../base/errors.ts';
import { Frontier } from '../../sums/frontier.ts';
import { byLevel, levelsOf } from '../../sums/levels.ts';
import { thinningOf } from '../../sums/thinning.ts';
import type { WrittenPlan } from '../settle-plan.ts';
import { biasShifts } from './bias-shifts.ts';
import { codedLayers, pairOf, type CodedLayer, type ModelPair } from './coded-layer.ts';
import { learnRounding } from './learn-rounding.ts';
import { sampleLayers } from './layer-samples.ts';
import { blockRounds, layerRounds, refineBlock } from './refine-block.ts';
import { roundInTurn } from './round-in-turn.ts';
import type { RefineTask } from './refine-task.ts';
import type { RefinedLayer, Refinement, WeightCodes } from './refined-layer.ts';
import { activatedPower, codesOf, problemOf } from './rounding-problem.ts';

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
  const levels = levelsOf(float.graph, new Set(layers.map(({ node }) => node)));
  const levelOf = ({ node }: CodedLayer): number => levels(node.outputs[0] ?? '');
  const rounds = step.rounding === 'blocks' ? blockRounds(task, layers, levelOf) : layerRounds(layers, levelOf);
  const factors = new Map<string, number>();
  const rewrite = (): WrittenPlan => task.rewrite({ refined, factors });
  const frontier = new Frontier(task.runner);
  let done = 0;
  const tell = (now: number): void =>
    context.progress({ stage: 'Refining', done: Math.floor(now), total: layers.length });
  const correct = async (round: readonly CodedLayer[], fast: boolean): Promise<void> => {
    const now = rewrite();
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
  try {
    for (const round of rounds) {
      throwIfCancelled(context.signal, 'Quantizing');
      tell(done);
      const outcome =
        round.block &&
        (await refineBlock(task, rewrite(), round.block, (share) => tell(done + share * round.layers.length)));
      if (outcome !== undefined) {
        for (const [layer, own] of outcome.learnt?.layers ?? []) refined.set(layer, { ...refined.get(layer)!, ...own });
        for (const [root, factor] of outcome.learnt?.factors ?? []) factors.set(root, factor);
        for (const { unit } of round.layers) reports.get(unit.layer)!.rounding = outcome.error;
      } else if (step.rounding === 'gptq') {
        const shares = { frontier, all: layers, level: levelOf(round.layers[0]!) };
        const now = rewrite();
        for (const { layer, refined: own, error, power } of await roundInTurn(
          task,
          pairOf(float, now),
          round.layers,
          shares,
        )) {
          refined.set(layer.unit.layer, own);
          const shareOf = (squares: number): number => (power > 0 ? squares / power : 0);
          reports.get(layer.unit.layer)!.rounding = { before: shareOf(error.before), after: shareOf(error.after) };
        }
      } else if (step.rounding !== 'nearest') {
        let at = done;
        for (const level of byLevel(round.layers, levelOf)) {
          await learnRound(task, pairOf(float, rewrite()), level, ({ unit, written }, codes, error) => {
            refined.set(unit.layer, { ...refined.get(unit.layer)!, codes, scales: written.scales });
            reports.get(unit.layer)!.rounding = error;
            tell(++at);
          });
        }
      }
      if (step.biasCorrection === 'empirical') {
        for (const level of byLevel(round.layers, levelOf)) await correct(level, false);
      }
      done += round.layers.length;
    }
  } finally {
    if (task.runner.alive) await frontier.release();
  }
  // What is rounded in turn has biases that follow from the means already, and weights that moved for other reasons than rounding.
  if (step.biasCorrection === 'fast' && step.rounding !== 'gptq') await correct(layers, true);
  return { quantized: rewrite(), layers: reports };
}

async function learnRound(
  { float, runner, batches, samples, context }: RefineTask,
  pair: ModelPair,
  round: readonly CodedLayer[],
  learnt: (layer: CodedLayer, codes: WeightCodes, error: { before: number; after: number }) => void,
): Promise<void> {
  const sampled = round.map((layer) => ({
    node: layer.node,
    form: layer.form,
    rank: layer.written.dims.length,
    data: pair.valuesOf(layer).data,
    target: layer.node.outputs[0] ?? '',
    steps: thinningOf(float, { samples, rowsPerColumn: Math.max(8, 16384 / layer.form.columns) })(layer),
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
    learnt(layer, codesOf(layer, codes), { before: shareOf(error.before), after: shareOf(error.after) });
  }
}
