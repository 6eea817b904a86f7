/**
 * Pruning of channels: how fast groups are found and models are cut, how much faster the cut models are here, and how near the
 * predicted latency comes to the measured one, and a latency that is asked for to what it is. Times of models are those of a cut
 * one over the whole one, in turns.
 */
import { quietContext } from '../../main/base/progress.ts';
import { encodeModel } from '../../main/engine/onnx/encode-model.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { channelPruning } from '../../main/contract/recipe/prune-channels.ts';
import { closeChannels } from '../../main/engine/channels/closure.ts';
import { chooseWidths } from '../../main/engine/prune/structure/choose-widths.ts';
import { cutModel } from '../../main/engine/prune/structure/cut.ts';
import { channelGroups } from '../../main/engine/prune/structure/groups.ts';
import { removalOf } from '../../main/engine/prune/structure/removal.ts';
import { highestScores, scoreGroups } from '../../main/engine/prune/structure/scores.ts';
import { learnLatency, WidthClock } from '../../main/engine/prune/structure/time-widths.ts';
import { timesOf } from '../../main/engine/prune/structure/width-times.ts';
import { widthModel } from '../../main/engine/prune/structure/width-model.ts';
import { foldBatchNormalization } from '../../main/engine/passes/fold-batchnorm.ts';
import { withRunner } from '../../main/engine/runtime/runner-pool.ts';
import type { Runner } from '../../main/engine/runtime/runner.ts';
import { allocateUniform, type WidthRules } from '../../main/judge/predict/allocate.ts';
import { predictWidths } from '../../main/judge/predict/width-latency.ts';
import type { WidthModel } from '../../main/judge/predict/widths.ts';
import { largeTransformer } from '../support/large-graph.ts';
import { mobileNetV2 } from '../support/mobilenet-v2.ts';
import { resnet18 } from '../support/resnet18.ts';
import { atMost, median, told, type BenchRow } from './bench-row.ts';
import { searchRows } from './cut-search.ts';
import { model25M, WEIGHTS } from './slider-case.ts';

const GROUPS_MS = 200;
const SURGERY_MS = 1000;
const FRAME_MS = 16;
const RUNS = 5;
const KEEPS = [0.8, 0.65, 0.5, 0.35, 0.25] as const;
const RULES: WidthRules = { align: 8, minimum: 8, widths: {}, frozen: new Set() };

interface Cuttable {
  readonly model: Model;
  readonly widths: WidthModel;
  readonly scores: readonly Float64Array[];
  readonly cutTo: (counts: ArrayLike<number>) => Model;
}

function cuttable(model: Model): Cuttable {
  const closure = closeChannels(model);
  const { groups } = channelGroups(closure);
  const widths = widthModel(closure, groups);
  const scores = scoreGroups(closure, groups, { score: 'l2', seed: 0 });
  const cutTo = (counts: ArrayLike<number>): Model =>
    cutModel(
      closure,
      removalOf(closure, new Map(groups.map((group, at) => [group, highestScores(scores[at]!, counts[at]!)]))),
    );
  return { model, widths, scores, cutTo };
}

function msOf(work: () => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return median(times);
}

interface Wanted {
  /** Time at half of the multiply–accumulates over the whole. */
  readonly limit: number;
  /** A share of the latency that is asked for. */
  readonly latency: number;
}

/** The error of predictions at some targets, how much faster half of the MACs is, and how near a latency is met. */
async function timed(
  name: string,
  model: Model,
  { limit, latency: asked }: Wanted,
  runner: Runner,
): Promise<BenchRow[]> {
  const { signal } = quietContext();
  const { widths, scores, cutTo } = cuttable(model);
  const clock = await WidthClock.start(model, runner, { threads: null, batch: 1 }, signal);
  try {
    const latency = await learnLatency({ widths, rules: RULES, cutAt: cutTo }, clock, quietContext());
    const rows: BenchRow[] = [];
    let worst = 0;
    for (const keep of KEEPS) {
      const counts = allocateUniform(widths, { measure: 'macs', keep }, RULES);
      const predicted = predictWidths(latency, counts).value / latency.fullMs;
      const { ratio } = await clock.ratio(cutTo(counts));
      worst = Math.max(worst, Math.abs(predicted / ratio.value - 1));
      const row = `cut: ${name}, time at ${keep * 100} % of the MACs / whole (predicted ${predicted.toFixed(3)})`;
      rows.push(keep === 0.5 ? atMost(row, ratio.value, limit) : told(row, ratio.value));
    }
    const times = { known: [timesOf(latency, RULES, runner)], keep: () => undefined };
    const step = channelPruning.parse({ structure: 'channel', score: 'l2', target: { latency: asked } });
    const choice = { model, widths, scores, measured: undefined, cutTo, times, ofWhole: 1 };
    const { counts } = await chooseWidths(choice, step, runner, quietContext());
    // Timed again, apart from the times that it was chosen by.
    const { ratio } = await clock.ratio(cutTo(counts));
    const off = `cut: ${name}, ${asked * 100} % of the latency asked for, off by`;
    return [
      ...rows,
      atMost(`cut: ${name}, worst error of predicted latency at ${KEEPS.length} targets`, worst, 0.1),
      atMost(off, Math.abs(ratio.value / asked - 1), 0.05),
    ];
  } finally {
    await clock.close();
  }
}

/** About 3 min. */
export async function bench(): Promise<BenchRow[]> {
  const large = largeTransformer(1000);
  const chain = cuttable(model25M());
  const half = Int32Array.from(chain.widths.groups, ({ atoms }) => atoms / 2);
  const nearly = Int32Array.from(chain.widths.groups, ({ atoms }) => atoms - 8);
  const big = cuttable(large);
  const rows = [
    atMost(
      `cut: groups of ${large.graph.nodes.length} nodes / 0.2 s`,
      msOf(() => channelGroups(closeChannels(large))) / GROUPS_MS,
      1,
    ),
    atMost(
      `cut: ${(WEIGHTS / 1e6).toFixed(0)} M weights cut and encoded, nearly all kept / 1 s`,
      msOf(() => encodeModel(chain.cutTo(nearly))) / SURGERY_MS,
      1,
    ),
    told(`cut: the same, half of each width kept / 1 s`, msOf(() => encodeModel(chain.cutTo(half))) / SURGERY_MS),
    atMost(
      `cut: widths for a target, ${big.widths.groups.length} groups / a frame`,
      msOf(() => allocateUniform(big.widths, { measure: 'macs', keep: 0.5 }, RULES)) / FRAME_MS,
      1,
    ),
  ];
  await withRunner(async (runner) => {
    rows.push(
      ...(await timed('ResNet-18', foldBatchNormalization(resnet18()).model, { limit: 1 / 1.6, latency: 0.6 }, runner)),
    );
    rows.push(...(await timed('MobileNetV2', mobileNetV2(), { limit: 1 / 1.4, latency: 0.7 }, runner)));
    rows.push(...(await searchRows(runner)));
  });
  return rows;
}
