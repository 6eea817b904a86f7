import type { TaskContext } from '../../base/progress.ts';
import { SUSPICIONS, type SuspectRow, type Suspects, type Suspicion } from '../../contract/suspects.ts';
import { indexGraph, usedValues } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { inferModel } from '../operators/infer.ts';
import type { Inference } from '../operators/inference.ts';
import { topologicalOrder } from '../operators/order.ts';
import { constantNodes } from '../passes/constant-nodes.ts';
import { inputPorts } from '../runtime/input-dims.ts';
import type { Runner } from '../runtime/runner.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import { tapModel } from '../runtime/taps.ts';
import { dtypeBits } from '../tensor/dtype.ts';
import type { ScannedValue } from '../tensor/value-scan.ts';
import type { Dataset } from './dataset.ts';
import { batchSizeFor } from './feeding.ts';

/** What is looked at. */
export interface SuspectRequest {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly runner: Runner;
  /** Sizes of dimensions other than the batch, to estimate how much is held at once. */
  readonly dims: Readonly<Record<string, number>>;
  /** Samples from the start; null: all. */
  readonly limit: number | null;
}

/** Values are held at once up to this many bytes; for the others the data are gone through again. */
const HELD_BYTES = 256 * 2 ** 20;
/** Channels that are told by number. */
const TOLD_CHANNELS = 64;

interface Looked {
  readonly name: string;
  readonly axis: number | null;
}

/**
 * Runs data through the model as it is written, a sample at a time, and looks at every float value that depends on them: NaN, ±∞,
 * denormal numbers, and channels that are 0 on all samples. Nothing is stored: values are looked at in the runner's process.
 * Values inside of subgraphs are not looked at.
 * @throws DATA_SHAPE, RUNTIME_RUN_FAILED, CANCELLED
 */
export async function findSuspects(request: SuspectRequest, context: TaskContext): Promise<Suspects> {
  const { model, dataset, limit } = request;
  const inference = inferModel(model, { dims: request.dims });
  const looked = lookedAt(model, inference);
  const groups = groupsOf(looked, inference);
  const samples = Math.min(dataset.samples, limit ?? dataset.samples);
  const found: Record<string, ScannedValue> = {};
  for (const [at, group] of groups.entries()) {
    const progress = (done: number): void =>
      context.progress({
        stage: 'Looking at values',
        done: at * samples + done,
        total: groups.length * samples,
      });
    Object.assign(found, await scanGroup(request, group, { signal: context.signal, progress }));
  }
  return {
    on: dataset.name,
    samples,
    values: looked.length,
    elements: Object.values(found).reduce((sum, { elements }) => sum + elements, 0),
    rows: rowsOf(model, looked, found),
  };
}

/** Float inputs and every float value that data change, in the order in which they are made. */
function lookedAt(model: Model, inference: Inference): readonly Looked[] {
  const constant = constantNodes(model).nodes;
  const made = topologicalOrder(model.graph.nodes)
    .filter((node) => !constant.has(node))
    .flatMap(({ outputs }) => outputs);
  const along = sequenceChannels(model, inference);
  return [...inputPorts(model).map(({ name }) => name), ...made].flatMap((name) => {
    const { dtype, shape } = inference.values.get(name) ?? {};
    if (name === '' || !(dtype === 'float32' || dtype === 'float64' || dtype === 'float16')) return [];
    const rank = shape?.length ?? 0;
    return [{ name, axis: rank < 2 ? null : rank === 3 ? along : 1 }];
  });
}

/** Channels of values [N, ?, ?]: the second axis where windows slide over the third, else the last, as transformers have it. */
function sequenceChannels(model: Model, inference: Inference): number {
  const slides = model.graph.nodes.some(
    ({ attributes, outputs }) =>
      inference.values.get(outputs[0] ?? '')?.shape?.length === 3 &&
      attributes.some(({ name }) => name === 'kernel_shape'),
  );
  return slides ? 1 : 2;
}

/** As many values together as may be held at once. */
function groupsOf(looked: readonly Looked[], inference: Inference): readonly (readonly Looked[])[] {
  const groups: Looked[][] = [[]];
  let held = 0;
  for (const one of looked) {
    const { dtype, shape } = inference.values.get(one.name) ?? {};
    const elements = (shape ?? []).reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 1), 1);
    const bytes = dtype === undefined ? 0 : (elements * (dtypeBits(dtype) ?? 0)) / 8;
    if (held + bytes > HELD_BYTES && groups.at(-1)!.length > 0) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)!.push(one);
    held += bytes;
  }
  return groups.filter((group) => group.length > 0);
}

async function scanGroup(
  { model, dataset, runner, limit }: SuspectRequest,
  group: readonly Looked[],
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (done: number) => void },
): Promise<Readonly<Record<string, ScannedValue>>> {
  const ports = inputPorts(model);
  const fed = new Set(ports.map(({ name }) => name));
  const taps = group.flatMap(({ name }) => (fed.has(name) ? [] : [name]));
  const source = sourceOfModel(tapModel(model, taps));
  const session = await runner.load(source, { provider: 'cpu', threads: null, optimization: 'disabled' }, { signal });
  try {
    const batch = batchSizeFor(ports, 1).size;
    let into: number | null = null;
    const call = { session: session.id, values: group };
    let first = 0;
    progress(0);
    for await (const { feeds, count } of dataset.batches(ports, batch, { limit, signal })) {
      session.checkFeeds(feeds);
      const scan: { into: number } = await runner.call(
        'scan',
        { ...call, feeds, run: { first, batch, count }, into },
        { signal },
      );
      into = scan.into;
      first += count;
      progress(first);
    }
    return into === null ? {} : await runner.call('scanned', { into }, { signal });
  } finally {
    if (runner.alive) await session.close();
  }
}

function rowsOf(model: Model, looked: readonly Looked[], found: Readonly<Record<string, ScannedValue>>): SuspectRow[] {
  const layers = new Map([...walkNodes(model)].map(({ node, layer }) => [node, layer]));
  const index = indexGraph(model.graph);
  return looked.flatMap(({ name, axis }) => {
    const scanned = found[name];
    if (scanned === undefined) return [];
    const node = index.producer(name);
    const before = node === undefined ? [] : usedValues(node).flatMap((value) => found[value] ?? []);
    const told = (kind: Suspicion): SuspectRow[Suspicion] =>
      scanned[kind].elements === 0
        ? null
        : { ...scanned[kind], begins: !before.some((value) => value[kind].elements > 0) };
    const row: SuspectRow = {
      value: name,
      layer: node === undefined ? null : (layers.get(node) ?? node.name),
      op: node?.opType ?? '',
      shape: [...scanned.dims],
      nan: told('nan'),
      infinite: told('infinite'),
      denormal: told('denormal'),
      dead: node === undefined ? null : deadOf(scanned, axis),
    };
    return SUSPICIONS.some((kind) => row[kind] !== null) || row.dead !== null ? [row] : [];
  });
}

function deadOf({ channelMax, nan }: ScannedValue, axis: number | null): SuspectRow['dead'] {
  if (channelMax === null || axis === null || nan.elements > 0) return null;
  const channels = [...channelMax.keys()].filter((channel) => channelMax[channel] === 0);
  if (channels.length === 0) return null;
  return { axis, count: channels.length, of: channelMax.length, channels: channels.slice(0, TOLD_CHANNELS) };
}
