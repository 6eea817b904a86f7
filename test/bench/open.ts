/**
 * Opening large models: time against reading and hashing the file alone, memory against the file's size, and that external
 * data costs nothing until it is asked for. Each case runs in a process of its own, so that memory is its own too.
 */
import { execFileSync } from 'node:child_process';
import { ftruncateSync, closeSync, openSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Model, Tensor } from '../../main/engine/graph/ir.ts';
import { makeRawTensor } from '../../main/engine/graph/make.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { graph } from '../support/graph-builder.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';
import type { OpenReport } from './open-case.ts';

const MIB = 1 << 20;

/** A chain of MatMuls with `layers` weights of one MiB each. */
function chain(layers: number, weight: (name: string) => Tensor): Model {
  const builder = graph('chain').input('x', 'float32', ['N', 512]);
  for (let i = 0; i < layers; i++) {
    builder
      .tensor(weight(`w${i}`))
      .unary('MatMul', { name: `/block${i}/MatMul` }, [`w${i}`])
      .relu({ name: `/block${i}/Relu` });
  }
  return builder.output().build();
}

function runCase(kind: 'read' | 'open' | 'inspect', path: string): OpenReport {
  const script = fileURLToPath(new URL('./open-case.ts', import.meta.url));
  const output = execFileSync(process.execPath, [script, kind, path], { encoding: 'utf8' });
  return JSON.parse(output) as OpenReport;
}

/** Writes a file of `bytes` that takes no room on disk. */
function writeSparse(path: string, bytes: number): void {
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, bytes);
  closeSync(descriptor);
}

function openLarge(): BenchRow[] {
  using folder = tempFolder();
  const path = folder.file('large.onnx');
  const values = new Uint8Array(MIB).map((_, index) => (index * 31) & 0x3f);
  const bytes = encodeModelBytes(chain(100, (name) => makeRawTensor(name, 'float32', [512, 512], values)));
  writeFileSync(path, bytes);
  const rounds = Array.from({ length: 5 }, () => ({ read: runCase('read', path), open: runCase('open', path) }));
  const ratio = median(rounds.map(({ read, open }) => open.ms / read.ms));
  const overFile = Math.max(...rounds.map(({ open }) => (open.peakBytes - bytes.length) / MIB));
  return [
    atMost('open 100 MB: time / (read + SHA-256)', ratio, 1.5),
    atMost('open 100 MB: resident memory over the file, MiB', overFile, 150),
  ];
}

function inspectExternal(): BenchRow[] {
  using folder = tempFolder();
  const path = folder.file('m.onnx');
  const external = (name: string): Tensor => ({
    ...makeRawTensor(name, 'float32', [512, 512], new Uint8Array()),
    storage: {
      kind: 'external',
      directory: '',
      location: 'm.data',
      offset: Number(name.slice(1)) * MIB,
      length: MIB,
      extra: [],
    },
  });
  writeFileSync(path, encodeModelBytes(chain(4096, external)));
  const without = median(Array.from({ length: 3 }, () => runCase('inspect', path).peakBytes));
  writeSparse(folder.file('m.data'), 4096 * MIB);
  const withData = median(Array.from({ length: 3 }, () => runCase('inspect', path).peakBytes));
  return [atMost('inspect with 4 GB of external data: memory / memory without it', withData / without, 1.1)];
}

/** Times opening; about 10 s, 100 MB on disk. */
export function bench(): Promise<BenchRow[]> {
  return Promise.resolve([...openLarge(), ...inspectExternal()]);
}
