import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { LayerTrialRow, LayerWay } from '../../../contract/layer-trials.ts';
import { distanceMeasure, outputDistance, outputSqnrDb, type DistanceMeasure } from '../../dataset/output-distance.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { batchSize } from '../../dataset/feed-batches.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import type { Model } from '../../graph/ir.ts';
import { constantFloats, constantOf } from '../../operators/constant-behind.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { Session } from '../../runtime/session.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';
import { calibrate } from '../calibrate.ts';
import { observedRange } from '../observers/observed-range.ts';
import type { TensorStatistics } from '../observers/statistics.ts';
import { planQuantization } from '../plan-quantization.ts';
import { noIntegerKernels, prepareModel } from '../prepare.ts';
import { activationScheme } from '../quantize-activations.ts';
import { quantizeWeights, weightScales } from '../quantize-weights.ts';
import type { CodeFormat } from '../schemes.ts';
import { splitAtAxis } from '../../tensor/axis.ts';
import { float16ToFloat32, float32ToFloat16 } from '../../tensor/half.ts';
import { runNow } from '../../tensor/linear/interruptible.ts';
import { unitInputs, unitOutputs, type Unit } from '../unit.ts';
import { blockFor, decodeBlocks, type BlockFormat } from '../weight-only/block-codes.ts';
import { roundToNearest } from '../weight-only/round-to-nearest.ts';
import { gatedModel, type GatedModel, type GateKind, type Rounding } from './gated-model.ts';

/** What the trials of all layers share. */
interface Ground {
  readonly model: Model;
  readonly units: readonly Unit[];
  readonly statistics: ReadonlyMap<string, TensorStatistics>;
  readonly feeds: readonly HostTensors[];
  readonly reference: readonly HostTensors[];
  readonly samples: number;
}

export interface LayerTrialRequest {
  /** Place of the layer among those that can be quantized. */
  readonly layer: number;
  readonly ways: readonly LayerWay[];
  /** What the data are known by: the ground is kept for the next layer. */
  readonly dataKey: string;
}

export interface LayerTrial {
  /** Layers that can be quantized. */
  readonly layers: number;
  readonly samples: number;
  readonly measure: DistanceMeasure;
  readonly row: LayerTrialRow;
}

/**
 * What the outputs lose when one layer alone is quantized, in every way: its weights rounded (symmetric, one scale for each
 * output channel), what it takes and gives rounded to the ranges that the observer finds. Rounding is simulated in float32,
 * which differs from integer kernels by the order of additions and the rounding of the bias.
 * @returns undefined where there is no such layer
 * @throws as `prepareModel` and `calibrate`; RUNTIME_…, CANCELLED
 * @see Dong et al. 2019 (HAWQ) and Cai et al. 2020 (ZeroQ) for sensitivity of single layers; ZeroQ's eq. 4 is this KL
 */
export async function layerTrial(
  source: Model,
  request: LayerTrialRequest,
  on: { readonly runner: Runner; readonly batches: () => FeedBatches },
  context: TaskContext,
): Promise<LayerTrial | undefined> {
  const ground = await groundOf(source, request.dataKey, on, context);
  const unit = ground.units[request.layer];
  if (unit === undefined) return undefined;
  const cells = await tryWays(ground, unit, { ways: request.ways, runner: on.runner, context });
  return {
    layers: ground.units.length,
    samples: ground.samples,
    measure: distanceMeasure(ground.reference[0]),
    row: { layer: unit.layer, op: unit.node.opType, cells },
  };
}

const known = new WeakMap<Model, { readonly key: string; readonly ground: Ground }>();

/** Prepared, calibrated and run once in float; remembered, since every layer asks again. */
async function groundOf(
  source: Model,
  key: string,
  { runner, batches }: { readonly runner: Runner; readonly batches: () => FeedBatches },
  context: TaskContext,
): Promise<Ground> {
  const remembered = known.get(source);
  if (remembered?.key === key) return remembered.ground;
  const prepared = await prepareModel(source, { runners: lendRunner(runner) }, context);
  const { model, knowledge } = prepared;
  const plan = planQuantization(model.graph, { knowledge, refused: noIntegerKernels(prepared) });
  const units = plan.units.filter(({ kind }) => kind !== 'passthrough');
  const feeds: HostTensors[] = [];
  for await (const batch of batches()) feeds.push(batch);
  const samples = feeds.reduce((sum, batch) => sum + batchSize(batch), 0);
  const tensors = [...new Set(units.flatMap((unit) => [...unitInputs(unit), ...unitOutputs(unit)]))];
  const { statistics } = await calibrate(model, tensors, { runner, batches: again(feeds), samples }, context);
  const session = await runner.load(sourceOfModel(model), SETTINGS, { signal: context.signal });
  const reference: HostTensors[] = [];
  for (const batch of feeds) reference.push(await session.run(batch, { signal: context.signal }));
  await session.close();
  const ground = { model, units, statistics, feeds, reference, samples };
  known.set(source, { key, ground });
  return ground;
}

const SETTINGS = { provider: 'cpu', threads: null } as const;

async function* again(feeds: readonly HostTensors[]): FeedBatches {
  yield* feeds;
}

interface Trying {
  readonly ways: readonly LayerWay[];
  readonly runner: Runner;
  readonly context: TaskContext;
}

async function tryWays(
  { model, statistics, feeds, reference }: Ground,
  unit: Unit,
  { ways, runner, context: { signal } }: Trying,
): Promise<LayerTrialRow['cells']> {
  const weights = new WeightRounder(model, unit);
  const loaded = new Map<GateKind, { readonly gated: GatedModel; readonly session: Session }>();
  const gatedBy = async (kind: GateKind): Promise<{ readonly gated: GatedModel; readonly session: Session }> => {
    const known = loaded.get(kind);
    if (known !== undefined) return known;
    const gated = gatedModel(model, unit, kind);
    const session = await runner.load(sourceOfModel(gated.model), SETTINGS, { signal });
    loaded.set(kind, { gated, session });
    return { gated, session };
  };
  // Ways that come to the same numbers run once.
  const found = new Map<string, NonNullable<LayerTrialRow['cells'][number]>>();
  const cells: LayerTrialRow['cells'] = [];
  try {
    for (const way of ways) {
      throwIfCancelled(signal, 'The trials of layers');
      if (!weights.takes(way)) {
        cells.push(null);
        continue;
      }
      const { gated, session } = await gatedBy(way.by === 'blocks' ? 'codes' : way.by);
      const last = gated.activations.length - 1;
      const roundings = gated.activations.map((name, at) =>
        at === last && (way.by === 'dynamic' || (way.by === 'codes' && !unit.quantizesOutput))
          ? null
          : roundingOf(way, statistics.get(name)),
      );
      const key = JSON.stringify([way.by, unit.weights === undefined ? null : way.weightBits, roundings]);
      let cell = found.get(key);
      if (cell === undefined) {
        const gates = gated.feeds(roundings, weights.in(way));
        const outputs: HostTensors[] = [];
        for (const batch of feeds) outputs.push(await session.run({ ...batch, ...gates }, { signal }));
        const [loss, sqnr] = [outputDistance(reference, outputs), outputSqnrDb(reference, outputs)];
        cell = { loss: Number.isFinite(loss) ? loss : null, sqnrDb: Number.isFinite(sqnr) ? sqnr : null };
        found.set(key, cell);
      }
      cells.push(cell);
    }
  } finally {
    if (runner.alive) for (const { session } of loaded.values()) await session.close();
  }
  return cells;
}

/** 99.999, ONNX Runtime's own. */
const PERCENTILE = 99.999;

function roundingOf({ activationBits, calibrator }: LayerWay, seen: TensorStatistics | undefined): Rounding | null {
  if (activationBits === null || seen === undefined) return null;
  const format = { dtype: 'uint16', lowest: 0, highest: 2 ** activationBits - 1, symmetric: false } as const;
  const range = observedRange(seen, { calibrator, percentile: PERCENTILE }, format);
  const { scale, zeroPoint } = activationScheme(range, format);
  return { scale, low: format.lowest - zeroPoint, high: format.highest - zeroPoint };
}

/** Inputs that share a scale where weights alone are codes. */
const BLOCK = 32;

/** A matrix with its weights rounded to nearest in blocks of inputs, each with a scale and a zero point. */
function inBlocks(
  values: Float32Array,
  dims: readonly number[],
  outputAxis: number,
  bits: BlockFormat['bits'],
): Float32Array {
  const [rows, columns] = [dims[outputAxis]!, dims[1 - outputAxis]!];
  const turned = (from: Float32Array, [count, size]: readonly [number, number]): Float32Array =>
    outputAxis === 0 ? from : Float32Array.from(from, (_, at) => from[(at % count) * size + Math.floor(at / count)]!);
  const matrix = turned(values, [columns, rows]);
  const format: BlockFormat = {
    bits,
    block: blockFor(BLOCK, columns, bits),
    symmetric: false,
    roundScale: Math.fround,
  };
  return turned(decodeBlocks(runNow(roundToNearest(matrix, { rows, columns }, format))), [rows, columns]);
}

/** 64 codes on each side of zero, as static int8 writes them. */
const REDUCED_BITS = 7;

/** A layer's weights in so many bits; each width once. */
class WeightRounder {
  readonly #unit: Unit;
  readonly #model: Model;
  readonly #made = new Map<string, HostTensor | null>();

  constructor(model: Model, unit: Unit) {
    this.#model = model;
    this.#unit = unit;
  }

  /** Whether the layer has anything that this way would round. */
  takes({ by, activationBits }: LayerWay): boolean {
    const { weights, node } = this.#unit;
    if (by === 'half') return true;
    if (weights === undefined) return by === 'codes' && activationBits !== null;
    if (by !== 'blocks') return true;
    const name = node.inputs[weights.weightInput]!;
    return weights.channelAxis !== undefined && constantOf(indexGraph(this.#model.graph), name)?.dims.length === 2;
  }

  /** @returns null for a layer without weights */
  in(way: Pick<LayerWay, 'by' | 'weightBits'>): HostTensor | null {
    const key = `${way.by === 'dynamic' ? 'codes' : way.by} ${way.weightBits}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const rounded = this.#round(way);
    this.#made.set(key, rounded);
    return rounded;
  }

  #round({ by, weightBits: bits }: Pick<LayerWay, 'by' | 'weightBits'>): HostTensor | null {
    const { weights, node, layer } = this.#unit;
    if (weights === undefined) return null;
    const index = indexGraph(this.#model.graph);
    const name = node.inputs[weights.weightInput]!;
    const { dims } = constantOf(index, name)!;
    const values = Float32Array.from(constantFloats(index, name)!.values);
    if (bits === null) return { dtype: 'float32', dims, data: values };
    if (by === 'half') return { dtype: 'float32', dims, data: float16ToFloat32(float32ToFloat16(values)) };
    if (by === 'blocks') {
      return {
        dtype: 'float32',
        dims,
        data: inBlocks(values, dims, weights.channelAxis!, bits as BlockFormat['bits']),
      };
    }
    const highest = bits === REDUCED_BITS ? 2 ** (bits - 1) : 2 ** (bits - 1) - 1;
    const format: CodeFormat = { dtype: 'int8', lowest: -highest, highest, symmetric: true };
    const axis = weights.channelAxis ?? null;
    const scales = weightScales(values, dims, { axis, format }, `the weights of '${layer}'`);
    const { values: codes } = quantizeWeights(values, dims, { axis, format, scales });
    const { channels, inner } = splitAtAxis(dims, axis);
    const data = Float32Array.from(codes, (code, at) => code * scales[Math.floor(at / inner) % channels]!);
    return { dtype: 'float32', dims, data };
  }
}
