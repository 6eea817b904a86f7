/** What is kept of a run that may be stopped at any time, as a file. */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { writeWhole } from '../../base/write-whole.ts';
import { tensorBytes } from '../graph/tensor-data.ts';
import { tensorOfHost } from '../runtime/host-data.ts';
import { decodeElements } from '../tensor/decode.ts';
import type { DType } from '../tensor/dtype.ts';
import { elementCount, type HostData, type HostTensor } from '../tensor/host-tensor.ts';
import type { Resumed, RunState } from './train.ts';

/** Where a run keeps its checkpoints. */
export interface CheckpointStore {
  /** undefined: there is none. */
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** A file, written whole or not at all. */
export function checkpointFile(path: string): CheckpointStore {
  return {
    read: () => readFile(path).catch(() => undefined),
    write: (bytes) => writeWhole(path, bytes),
    remove: () => rm(path, { force: true }),
  };
}

const MAGIC = 'LAPIDARY TRAINING 1\n';
const HASH_BYTES = 32;
/** Among the tensors, the best weights. */
const BEST = 'best';

interface Header {
  /** What the run is: model, teacher, settings, data. A checkpoint of another run is of no use. */
  readonly key: string;
  readonly state: RunState;
  /** Steps of the learner, those of the test of learning rates left out. */
  readonly steps: number;
  /** The learner's vectors, then the best weights. */
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: DType;
    readonly dims: readonly number[];
    readonly bytes: number;
  }[];
}

/**
 * Layout: the magic line; the length of the header as four bytes, little-endian; the header as JSON; the tensors one after
 * the other, little-endian; SHA-256 of all that.
 */
export function encodeCheckpoint(key: string, { state, learner, best }: Resumed): Uint8Array {
  const kept: HostTensor = { dtype: 'float32', dims: [best.length], data: best };
  const entries = Object.entries({ ...learner.state, [BEST]: kept }).map(([name, tensor]) => {
    const bytes = tensorBytes(tensorOfHost(name, tensor));
    return { told: { name, dtype: tensor.dtype, dims: tensor.dims, bytes: bytes.byteLength }, bytes };
  });
  const told: Header = { key, state, steps: learner.step, tensors: entries.map((entry) => entry.told) };
  const header = Buffer.from(JSON.stringify(told));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.byteLength);
  const body = Buffer.concat([Buffer.from(MAGIC), length, header, ...entries.map(({ bytes }) => bytes)]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

/** @returns undefined for what is damaged, of another format or of another run: then training begins anew */
export function decodeCheckpoint(bytes: Uint8Array, key: string): Resumed | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = file.subarray(0, Math.max(0, file.byteLength - HASH_BYTES));
  const whole = createHash('sha256').update(body).digest().equals(file.subarray(body.byteLength));
  if (!whole || body.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const start = MAGIC.length + 4;
  let at = start + body.readUInt32LE(MAGIC.length);
  // The hash says that we wrote it.
  const header = JSON.parse(body.toString('utf8', start, at)) as Header;
  if (header.key !== key) return undefined;
  const tensors: Record<string, HostTensor> = {};
  for (const { name, dtype, dims, bytes: size } of header.tensors) {
    const data = decodeElements(dtype, Uint8Array.from(body.subarray(at, at + size)), elementCount(dims));
    tensors[name] = { dtype, dims, data: data as HostData };
    at += size;
  }
  const { [BEST]: best, ...state } = tensors;
  return { state: header.state, learner: { step: header.steps, state }, best: best!.data as Float32Array };
}
