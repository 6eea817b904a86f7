/**
 * The pruning slider: what one move computes in the window for 25 million weights, what the plan behind it costs the
 * engine, and how soon after its release the measured accuracy of the sample is there.
 */
import type { EventPayload } from '../../main/contract/methods.ts';
import { prunePlan } from '../../main/engine/prune/elements/prune-plan.ts';
import { RunnerPool } from '../../main/engine/runtime/runner-pool.ts';
import { quietContext } from '../../main/base/progress.ts';
import { tensorPieces } from '../../main/engine/graph/tensor-data.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';
import type { ChannelPlan } from '../../main/contract/channel-plan.ts';
import { channelPlan as planChannels } from '../../main/engine/prune/structure/channel-plan.ts';
import { keptOverlay } from '../../renderer/tasks/prune/channels/kept-overlay.ts';
import { channelLayers } from '../../renderer/tasks/prune/channels/layer-rows.ts';
import { groupRows } from '../../renderer/tasks/prune/channels/model.ts';
import { measuredPoints, pruneRows } from '../../renderer/tasks/prune/model.ts';
import { KEPT_SHARES, type Sensitivity } from '../../main/contract/sensitivity.ts';
import type { WidthTimes } from '../../main/contract/width-times.ts';
import { withMeasured, type MeasuredPlan } from '../../main/judge/predict/measured-plan.ts';
import { predictTrial, type PredictionInputs } from '../../main/judge/predict/trial.ts';
import { callOf } from '../support/call-studio.ts';
import { channelStep, pruneRecipe } from '../support/recipes.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';
import { FEW_LARGE, MANY_SMALL, model25M, predictionInputs, THOUSAND_NODES, type SliderSize } from './slider-case.ts';

const FRAME_MS = 16;
const MEASURED_MS = 2000;
const MOVES = 200;
const RELEASES = [0.21, 0.32, 0.43, 0.54, 0.65];
const IMAGES = 500;

/**
 * What the Prune task computes for each of 200 positions, with 30 trials measured before; the slowest of ten counts (p90). The curve over all
 * positions is not computed anew by a move.
 */
async function moves(model: Model, { layers, width }: SliderSize): Promise<BenchRow> {
  const inputs = await predictionInputs(model);
  const times: number[] = [];
  let rows = 0;
  for (let move = 0; move < MOVES; move++) {
    const start = performance.now();
    const recipe = pruneRecipe((0.95 * move) / MOVES);
    const { cut } = predictTrial(recipe, inputs);
    rows += pruneRows(inputs.prunePlan!, cut, null, new Set()).length;
    rows += measuredPoints(recipe, inputs).length;
    times.push(performance.now() - start);
  }
  if (rows === 0) throw new Error('the prediction was empty');
  const p90 = times.toSorted((a, b) => a - b)[Math.floor(0.9 * MOVES)]!;
  return atMost(`slider: prediction for ${layers} layers of ${width ** 2} weights, p90 / 16 ms`, p90 / FRAME_MS, 1);
}

/**
 * The same while whole channels are pruned, of a model of 1,000 nodes: widths of 499 groups from one threshold on 112,000
 * scores, totals, the table of groups, that of layers, and the overlay of the graph.
 */
async function channelMoves(): Promise<BenchRow[]> {
  const context = { runners: new RunnerPool(), signal: quietContext().signal };
  const plan = (await planChannels(model25M(THOUSAND_NODES), context)) as ChannelPlan;
  const measured = withMeasured(plan, { sensitivity: madeSensitivity(plan), times: madeTimes(plan) });
  const name = (what: string): string => `slider of channels: ${what} for 1,000 nodes, 25 M weights, p90 / 16 ms`;
  return [
    atMost(
      name('prediction'),
      framesOf(plan, (keep) => ({ target: { macs: keep }, scope: 'global' })),
      1,
    ),
    atMost(
      name('latency'),
      framesOf(measured, (keep) => ({ target: { latency: keep }, scope: 'global' })),
      1,
    ),
    atMost(
      name('widths by measured losses'),
      framesOf(measured, (keep) => ({ target: { macs: keep }, score: 'obs' })),
      1,
    ),
  ];
}

/** The slowest of ten moves, in frames. */
function framesOf(plan: MeasuredPlan, settings: (keep: number) => Readonly<Record<string, unknown>>): number {
  const times: number[] = [];
  for (let move = 0; move < MOVES; move++) {
    const start = performance.now();
    const step = channelStep(settings(0.3 + (0.65 * move) / MOVES));
    const { channels } = predictTrial({ version: 2, steps: [{ prune: step }] }, { ...UNKNOWN, channelPlan: plan });
    const rows = groupRows(plan, step, channels).length + channelLayers(plan, new Set(), channels).size;
    const drawn = keptOverlay(plan, step, channels!, null).values.size;
    times.push(performance.now() - start);
    if (rows === 0 || drawn === 0) throw new Error('the prediction was empty');
  }
  return times.toSorted((a, b) => a - b)[Math.floor(0.9 * MOVES)]! / FRAME_MS;
}

/** Losses that grow with the square of what goes, at six widths of each group. */
function madeSensitivity({ widths }: ChannelPlan): Sensitivity {
  const rows = widths.groups.map(({ name, atoms }, at) => ({
    group: name,
    cells: KEPT_SHARES.map((share) => ({ kept: Math.round(share * atoms), loss: (1 + (at % 7)) * (1 - share) ** 2 })),
    scores: Array.from({ length: atoms }, (_, atom) => atom),
  }));
  const data = { datasetId: '', name: '', key: '' };
  return { score: 'obs', seed: 0, data, samples: 64, measure: 'divergence', rows, groups: rows.length };
}

/** Half of each layer's time is its work. */
function madeTimes({ shapes, widths }: ChannelPlan): WidthTimes {
  const target = { cpu: '', cores: 2, os: '', provider: 'cpu', onnxruntime: '', vnni: null };
  const coefficients = widths.layers.flatMap(() => [0.005, 0.01, 0.003, 0.002]);
  const fullMs = 0.02 * widths.layers.length;
  return {
    shapes,
    target,
    threads: 2,
    align: 8,
    cuts: 17,
    fullMs,
    block: 8,
    coefficients,
    slope: 1,
    spread: 0.01,
    at: 0,
  };
}

/** Nothing measured, nothing known beside the plan. */
const UNKNOWN: PredictionInputs = {
  inspect: { parameters: 0, macs: 0 },
  layers: null,
  modelBytes: 0,
  trials: [],
  prunePlan: null,
  channelPlan: null,
  quantizePlan: null,
  baselineProfile: null,
  unlabelled: false,
};

/** The plan against two bare passes over the same weights, which is the least that it can do; half a second was measured. */
async function plan(model: Model): Promise<BenchRow> {
  const context = { runners: new RunnerPool(), signal: quietContext().signal };
  const ratios: number[] = [];
  for (let round = 0; round < 5; round++) {
    const bare = timeOf(() => {
      for (let pass = 0; pass < 2; pass++) sumOfSquares(model);
    });
    const start = performance.now();
    await prunePlan(model, context);
    ratios.push((performance.now() - start) / bare);
  }
  return atMost('prune plan of 25 M weights: time / two bare passes', median(ratios), 20);
}

function sumOfSquares(model: Model): number {
  let sum = 0;
  for (const tensor of model.graph.initializers) {
    for (const piece of tensorPieces(tensor) as Iterable<Float32Array>) {
      for (let i = 0; i < piece.length; i++) sum += piece[i]! * piece[i]!;
    }
  }
  if (!(sum > 0)) throw new Error('the weights are zero');
  return sum;
}

/** From the release of the slider to the measured accuracy of the CNN sample on 500 images, in a studio that is at work. */
async function releases(): Promise<BenchRow> {
  using folder = tempFolder();
  await using workspace = await openWorkspace(folder.path);
  let onTrial = (_trial: EventPayload<'trial'>): void => undefined;
  await using studio = await createStudio({
    workspace,
    version: '0.0.0',
    emit: (event, payload) => {
      if (event === 'trial') onTrial(payload as EventPayload<'trial'>);
    },
  });
  const call = callOf(studio);
  const { entry, baselineTrialId } = await call('model.open', { sample: 'glyph-cnn' });
  const data = (await call('dataset.list', {})).find(({ name }) => name.includes('(test)'));
  const datasetId = data?.id ?? '';
  // The window evaluates the baseline before the first release.
  await call('trial.evaluate', { trialId: baselineTrialId, datasetId, limit: IMAGES });
  const times: number[] = [];
  for (const sparsity of RELEASES) {
    const start = performance.now();
    const told = new Promise<number>((resolve) => {
      onTrial = ({ baseline, evaluation, status }) => {
        if (!baseline && status === 'running' && evaluation?.samples === IMAGES) resolve(performance.now() - start);
      };
    });
    await call('trial.run', { modelId: entry.id, recipe: pruneRecipe(sparsity), datasetId, limit: IMAGES });
    times.push(await told);
  }
  return atMost(`slider: measured accuracy of ${IMAGES} images after release / 2 s`, median(times) / MEASURED_MS, 1);
}

function timeOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** About 30 s. */
export async function bench(): Promise<BenchRow[]> {
  const model = model25M();
  return [
    await moves(model, FEW_LARGE),
    await moves(model25M(MANY_SMALL), MANY_SMALL),
    ...(await channelMoves()),
    await plan(model),
    await releases(),
  ];
}
