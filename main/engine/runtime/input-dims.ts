import { StudioError } from '../../base/errors.ts';
import { feedInputs } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import type { PortInfo } from './settings.ts';

/** Sizes chosen for every open dimension of a model's inputs. */
export interface InputDims {
  /** Samples in one run: the size of the batch dimension. 1 when the model has none. */
  readonly batch: number;
  /** Every open dimension: by its name, or `input[axis]` where it has none. */
  readonly dims: Readonly<Record<string, number>>;
  /** Those whose size nobody gave: "seq = 16". */
  readonly assumed: readonly string[];
  /** Dimensions of each input, in the order given. */
  readonly shapes: readonly (readonly number[])[];
}

/** The inputs that must be fed, as the model's file declares them. */
export function inputPorts(model: Model): readonly PortInfo[] {
  return feedInputs(model.graph).map(({ name, type }) => {
    if (type?.kind !== 'tensor') return { name, dtype: null, shape: null };
    return { name, dtype: type.dtype ?? null, shape: type.shape?.map((dim) => dim ?? '') ?? null };
  });
}

const BATCH_NAME = /batch|^(?:n|b|bs)$/i;
/** A letter says so at axis 0 alone: elsewhere N may as well be a width. */
const isBatch = (name: string, axis: number): boolean => BATCH_NAME.test(name) && (axis === 0 || /batch/i.test(name));
/** Recurrent states are [layers, batch, size], and their exporters rarely name the axes. */
const STATE_NAME = /state|hidden|initial_[hc]|^[hc]n?0?$/i;
const LENGTH_NAME = /seq|len|time|frame|step|token/i;

/**
 * Chooses a size for every open dimension. The batch is the first open one at axis 0 of an input (unless its name speaks of
 * a length), and every other of that name or with a batch-like name. The rest come from `dims`, or follow from names
 * such as "past + seq", or are assumed: those of `guesses` as it says, image sides 224, channels 3, everything else 16.
 * Knows names alone: sizes that fit a model's graph are chosen by `assumeDims`.
 * @throws SHAPE_MISMATCH when a batch is asked for that the model's fixed size does not allow
 */
export function resolveInputDims(
  inputs: readonly PortInfo[],
  {
    batch,
    dims,
    guesses = {},
  }: {
    readonly batch: number;
    readonly dims: Readonly<Record<string, number>>;
    readonly guesses?: Readonly<Record<string, number>>;
  },
): InputDims {
  const batchName = findBatch(inputs);
  const chosen: Record<string, number> = {};
  const assumed: string[] = [];
  const sizeOf = (port: PortInfo, axis: number, name: string): number => {
    const given = dims[name] ?? chosen[name];
    if (given !== undefined) return (chosen[name] = given);
    if (name === batchName || isBatch(name, axis)) return (chosen[name] = batch);
    if (axis === 1 && port.shape?.length === 3 && STATE_NAME.test(port.name)) return (chosen[name] = batch);
    const sum = evaluateSum(name, (part) => dims[part] ?? chosen[part]);
    if (sum !== undefined) return (chosen[name] = sum);
    const size = guesses[name] ?? assumeSize(port, axis);
    assumed.push(`${name} = ${size}`);
    return (chosen[name] = size);
  };
  // names that are sums wait until their parts have been chosen
  const openDims = inputs.flatMap((port) => openDimsOf(port));
  for (const isSum of [false, true]) {
    for (const { port, axis, name } of openDims) if (name.includes('+') === isSum) sizeOf(port, axis, name);
  }
  const shapes = inputs.map((port) =>
    (port.shape ?? []).map((dim, axis) => (typeof dim === 'number' ? dim : sizeOf(port, axis, dimName(port, axis)))),
  );
  return { batch: actualBatch(inputs, { batch, batchName, chosen }), dims: chosen, assumed, shapes };
}

function dimName(port: PortInfo, axis: number): string {
  return String(port.shape?.[axis] || `${port.name}[${axis}]`);
}

function openDimsOf(port: PortInfo): { readonly port: PortInfo; readonly axis: number; readonly name: string }[] {
  const axes = [...(port.shape ?? []).keys()].filter((axis) => typeof port.shape![axis] === 'string');
  return axes.map((axis) => ({ port, axis, name: dimName(port, axis) }));
}

function findBatch(inputs: readonly PortInfo[]): string | undefined {
  const first = inputs.find((port) => typeof port.shape?.[0] === 'string' && !LENGTH_NAME.test(port.shape[0]));
  return first === undefined ? undefined : dimName(first, 0);
}

function actualBatch(
  inputs: readonly PortInfo[],
  found: { readonly batch: number; readonly batchName: string | undefined; readonly chosen: Record<string, number> },
): number {
  if (found.batchName !== undefined) return found.chosen[found.batchName] ?? found.batch;
  const named = Object.keys(found.chosen).find((name) => BATCH_NAME.test(name));
  if (named !== undefined) return found.chosen[named]!;
  const fixed = inputs.find((port) => (port.shape?.length ?? 0) > 1)?.shape?.[0];
  const size = typeof fixed === 'number' ? fixed : 1;
  if (found.batch !== 1 && found.batch !== size) {
    throw new StudioError('SHAPE_MISMATCH', `The model's batch is fixed at ${size}, got ${found.batch}`, {
      hint: `Use batch ${size}, or export the model with a dynamic batch dimension.`,
    });
  }
  return size;
}

/** "past_sequence_length + 1" → 17 when past_sequence_length is 16; undefined when it is no sum of known parts. */
function evaluateSum(name: string, sizeOf: (part: string) => number | undefined): number | undefined {
  const parts = name.split('+').map((part) => part.trim());
  if (parts.length < 2) return undefined;
  let sum = 0;
  for (const part of parts) {
    const size = /^\d+$/.test(part) ? Number(part) : sizeOf(part);
    if (size === undefined) return undefined;
    sum += size;
  }
  return sum;
}

function assumeSize(port: PortInfo, axis: number): number {
  if (!isImage(port))
    return /audio|wave|pcm/i.test(port.name) || (port.name === 'input' && port.shape?.length === 2) ? 512 : 16;
  const channelsLast = typeof port.shape?.[3] === 'number' && port.shape[3] <= 4;
  if (channelsLast) return 224;
  return axis === 1 ? 3 : 224;
}

/** Rank 4 and at most four channels: caches of attention are [batch, heads, past, width]. */
function isImage({ name, dtype, shape }: PortInfo): boolean {
  if (shape?.length !== 4 || !(dtype === 'float32' || dtype === 'float16' || dtype === 'uint8')) return false;
  if (/past|cache|key|value|present/i.test(name)) return false;
  const isChannels = (dim: number | string | undefined): boolean => typeof dim === 'string' || (dim ?? 0) <= 4;
  return isChannels(shape[1]) || isChannels(shape[3]);
}
