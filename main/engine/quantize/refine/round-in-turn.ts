import { throwIfCancelled } from '../../../base/errors.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import { runInterruptibly, type Steps } from '../../tensor/linear/interruptible.ts';
import { collectParts } from '../../sums/collect-sums.ts';
import type { Frontier } from '../../sums/frontier.ts';
import {
  addGroupSums,
  addSums,
  biasFor,
  centredSums,
  groupSums,
  squaredError,
  type GroupSums,
} from '../../sums/group-sums.ts';
import { levelsOf } from '../../sums/levels.ts';
import { SumsGraph } from '../../sums/sums-graph.ts';
import { thinningOf } from '../../sums/thinning.ts';
import { middleCode } from '../schemes.ts';
import { decodeBlocks, type BlockCodes, type BlockFormat } from '../weight-only/block-codes.ts';
import { descendCodes } from '../weight-only/descend-codes.ts';
import { gptq } from '../weight-only/gptq.ts';
import { scaleAt, type CodedLayer, type ModelPair } from './coded-layer.ts';
import type { RefineTask } from './refine-task.ts';
import type { RefinedLayer } from './refined-layer.ts';
import { chooseRidge, followTargets, meanDiagonal, type HalvedGroup } from './shrunk-weights.ts';

/** Positions for each column of a layer that are enough: neighbours in one image tell nearly the same. */
const ROWS_PER_COLUMN = 150;
/** Share of the mean of the Gram matrix's diagonal that is added to it where codes are found. */
const DAMPING = 0.01;

/** A layer rounded in turn; errors are squares of its outputs, and their power. */
export interface TurnedLayer {
  readonly layer: CodedLayer;
  readonly refined: RefinedLayer;
  readonly error: { readonly before: number; readonly after: number };
  readonly power: number;
}

/**
 * Rounds layers that do not depend on each other for what the quantized model gives them by now, so that their outputs come nearest to the
 * float model's: the weights W that minimise Σ|W·x + b − t|² + λ|W − W₀|² in the reals, then codes for these one column after the other, the later
 * ones taking up the errors of those before (GPTQ), and coordinate descent over codes and scales behind it. Only sums over all
 * samples leave the runtime; λ is chosen on halves of them. Biases follow from the means. A group of channels that does not get better keeps its codes.
 * @param pair both models, all layers before these refined
 * @param round.all every layer that is refined, in this round or another; `frontier`: what the rounds before left in the runner
 * @throws DATA_INVALID, RUNTIME_…, CANCELLED
 * @see Frantar et al. 2023 (GPTQ); Behdin et al. 2023 (QuantEase); Hubara et al. 2021 for targets from the float model on the quantized one's data
 */
export async function roundInTurn(
  { float, runner, batches, samples, context }: RefineTask,
  pair: ModelPair,
  layers: readonly CodedLayer[],
  round: { readonly frontier: Frontier; readonly all: readonly CodedLayer[]; readonly level: number },
): Promise<readonly TurnedLayer[]> {
  const graph = new SumsGraph(pair.model);
  const stepsOf = thinningOf(float, { samples, rowsPerColumn: ROWS_PER_COLUMN });
  const layerOf = new Map<string, string>();
  const named = layers.map((layer) => {
    const { node, form, unit, written } = layer;
    const { groups, outputs: channels, channelsLast } = form;
    const type = { rank: written.dims.length, dtype: 'float32', steps: stepsOf(layer) } as const;
    const x = graph.columns(node, pair.valuesOf(layer).data, form, type);
    const wanted = graph.everyPosition(node.outputs[0] ?? '', type);
    const names = addGroupSums(graph, x, graph.rows(wanted, { groups, channels, channelsLast, ...type }));
    for (const name of Object.values(names)) layerOf.set(name, unit.layer);
    return names;
  });
  const between = round.frontier.between(pair.model, levelsInBoth(pair, round.all), round.level);
  const halves = await collectParts(
    graph.build({ from: round.frontier.values, keep: between.keep }),
    { batches: batches(), runner, layerOf: (output) => layerOf.get(output) ?? output, sums: graph.sums, between },
    2,
    context,
  );
  const turned: TurnedLayer[] = [];
  for (const [at, layer] of layers.entries()) {
    throwIfCancelled(context.signal, 'Rounding in turn');
    const [a, b] = halves.map((totals) => groupSums(layer.form, named[at]!, totals));
    turned.push(await runInterruptibly(turn(layer, a!, b!), context.signal));
  }
  return turned;
}

/** How many refined layers lie before a value of the merged graph, in either model. */
function levelsInBoth(pair: ModelPair, layers: readonly CodedLayer[]): (value: string) => number {
  const index = indexGraph(pair.model.graph);
  const outputs = layers.flatMap((layer) => [layer.node.outputs[0] ?? '', pair.valuesOf(layer).output]);
  const nodes = outputs.map((output) => index.producer(output)).filter((node) => node !== undefined);
  return levelsOf(pair.model.graph, new Set(nodes));
}

/** @param a sums of each group of the layer over one half of the samples @param b over the other */
function* turn(layer: CodedLayer, a: readonly GroupSums[], b: readonly GroupSums[]): Steps<TurnedLayer> {
  const { form, written } = layer;
  const codes = written.codes.slice();
  const scales = written.scales.slice();
  const bias = written.bias?.slice();
  const middle = middleCode(written.format);
  const groups = a.map((half, group): GroupCodes & HalvedGroup => ({
    ...groupOf(layer, group),
    halves: [half, b[group]!],
  }));
  // A batch that is the only one tells nothing of others.
  const ridge = b[0]!.count > 0 ? yield* chooseRidge(groups, bias !== undefined) : Infinity;
  let [before, after, power] = [0, 0, 0];
  for (const [group, nearest] of groups.entries()) {
    const own = addSums(...nearest.halves);
    const error = squaredError(own, { weights: nearest.rounded, bias: nearest.bias });
    power += own.targetSquares.reduce((sum, value) => sum + value, 0);
    before += error;
    const wanted = yield* followTargets(nearest.weights, own, ridge, bias !== undefined);
    const made = yield* codesFor(layer, { ...nearest, weights: wanted }, own);
    const weights = made && new Float64Array(decodeBlocks(made));
    const moved = weights && (bias === undefined ? nearest.bias : biasFor(own, weights, true));
    const better = moved === undefined ? error : squaredError(own, { weights: weights!, bias: moved });
    after += Math.min(error, better);
    if (made === undefined || moved === undefined || !(better < error)) continue;
    for (let m = 0; m < form.outputs; m++) {
      for (let k = 0; k < form.columns; k++) {
        const place = form.at(group, m, k);
        codes[place] = made.codes[m * form.columns + k]! - made.zeroPoints[m]! + middle;
        if (k === 0) scales[scaleAt(written, place)] = made.scales[m]!;
      }
      if (bias !== undefined) bias[group * form.outputs + m] = moved[m]!;
    }
  }
  return { layer, refined: { codes, scales, ...(bias && { bias }) }, error: { before, after }, power };
}

/** The weights of a group [outputs, columns], as they are and to the nearest, with scale and bias of each output. */
interface GroupCodes {
  readonly weights: Float64Array;
  readonly rounded: Float64Array;
  readonly scales: Float32Array;
  readonly bias: Float64Array;
}

function groupOf({ form, written }: CodedLayer, group: number): GroupCodes {
  const { outputs, columns, at } = form;
  const [weights, rounded] = [new Float64Array(outputs * columns), new Float64Array(outputs * columns)];
  const scales = new Float32Array(outputs);
  const middle = middleCode(written.format);
  const values = written.values();
  for (let m = 0; m < outputs; m++) {
    for (let k = 0; k < columns; k++) {
      const place = at(group, m, k);
      scales[m] = written.scales[scaleAt(written, place)]!;
      weights[m * columns + k] = values[place]!;
      rounded[m * columns + k] = (written.codes[place]! - middle) * scales[m]!;
    }
  }
  const bias = Float64Array.from({ length: outputs }, (_, m) => written.bias?.[group * outputs + m] ?? 0);
  return { weights, rounded, scales, bias };
}

/** Codes with which the outputs come nearest to what the weights would give; undefined where the columns are constant: nothing can be told. */
function* codesFor(
  { form: { outputs, columns }, written }: CodedLayer,
  { weights, scales }: GroupCodes,
  sums: GroupSums,
): Steps<BlockCodes | undefined> {
  const { gram } = written.bias === undefined ? { gram: sums.gram.slice() } : centredSums(sums);
  const diagonal = meanDiagonal(gram, columns);
  if (!(diagonal > 0)) return undefined;
  for (let k = 0; k < columns; k++) gram[k * columns + k]! += DAMPING * diagonal;
  const reach = written.format.highest - middleCode(written.format);
  const format: BlockFormat = {
    bits: reach < 8 ? 4 : 8,
    block: columns,
    symmetric: true,
    reach,
    roundScale: Math.fround,
  };
  const perChannel = written.axis !== null && written.scales.length > 1;
  const made = yield* gptq(weights.slice(), gram, { rows: outputs, columns }, format, perChannel ? undefined : scales);
  yield* descendCodes(made, Float32Array.from(weights), gram, perChannel);
  return made;
}
