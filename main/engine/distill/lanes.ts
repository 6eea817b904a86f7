/** How many processes train side by side, and with how many threads each. */
import { TRAINING_SESSION } from '../autograd/training-session.ts';
import { intAttribute } from '../graph/attributes.ts';
import { feedInputs } from '../graph/index-graph.ts';
import type { Model, ValueInfo } from '../graph/ir.ts';
import { costOfLayers, totalCost } from '../operators/cost.ts';
import { inferModel } from '../operators/infer.ts';
import { startRunner, type Runner } from '../runtime/runner.ts';
import type { SessionSettings } from '../runtime/settings.ts';

/** Runners that each take their part of every batch. */
export interface Lanes {
  /** The first one is there anyway, the others are started for the training. */
  readonly runners: readonly Runner[];
  /** Of the sessions in each of them. */
  readonly settings: SessionSettings;
}

/** Processes hold the weights, the runtime and the teacher each: more of them would cost more than they bring. */
const MOST = 4;
/** Samples that a process should have of a batch at least. */
const LEAST_SAMPLES = 16;
/** Gradients and weights larger than this would take too long on their way between processes. */
const MOST_WEIGHT_BYTES = 8 * 2 ** 20;
/** Multiply–accumulates of a batch's forward pass below which a step is too short to be shared. */
const LEAST_MACS = 2e8;

/**
 * What moves values in the runtime runs on one thread, so several processes of few threads train faster than one of many. Measured on two
 * cores, batches of 64, in ms: half of ResNet-20 147 → 90, the sample CNN 123 → 92, the sample ViT 68 → 51.
 */
export function laneCount(
  student: Model,
  { batch, cores }: { readonly batch: number; readonly cores: number },
): number {
  const most = Math.min(cores, MOST, Math.floor(batch / LEAST_SAMPLES));
  // What is normalized by its batch needs the whole of it.
  if (most < 2 || student.graph.nodes.some((node) => intAttribute(node, 'training_mode', 0) !== 0)) return 1;
  const batched = withBatch(student, batch);
  const { macs, parameterBytes } = totalCost(costOfLayers(batched, inferModel(batched)));
  return macs < LEAST_MACS || parameterBytes > MOST_WEIGHT_BYTES ? 1 : most;
}

function withBatch(model: Model, batch: number): Model {
  const fed = new Set(feedInputs(model.graph).map(({ name }) => name));
  const sized = (info: ValueInfo): ValueInfo => {
    if (!fed.has(info.name) || info.type?.kind !== 'tensor' || info.type.shape === undefined) return info;
    return { ...info, type: { ...info.type, shape: [batch, ...info.type.shape.slice(1)] } };
  };
  return { ...model, graph: { ...model.graph, inputs: model.graph.inputs.map(sized), valueInfos: [] } };
}

/**
 * Does some work with a runner and others that are started beside it and ended afterwards.
 * @throws what `work` throws; RUNTIME_DIED, CANCELLED
 */
export async function withLanes<T>(
  runner: Runner,
  { lanes, cores, signal }: { readonly lanes: number; readonly cores: number; readonly signal: AbortSignal },
  work: (lanes: Lanes) => Promise<T>,
): Promise<T> {
  const started: Runner[] = [];
  try {
    while (started.length + 1 < lanes) started.push(await startRunner({ signal }));
    const threads = lanes === 1 ? null : Math.floor(cores / lanes);
    return await work({ runners: [runner, ...started], settings: { ...TRAINING_SESSION, threads } });
  } finally {
    for (const other of started) other.kill();
  }
}
