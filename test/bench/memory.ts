/**
 * Memory that quantizing takes, in all processes of the command together, beside what the same graph with next to no weights takes, against the
 * size of the model: 96 MiB of matrices inline in the file. Linux only: resident memory is read from /proc.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { mapTensors } from '../../main/engine/graph/tensors.ts';
import { makeTensor } from '../../main/engine/graph/make.ts';
import { tensorValues } from '../../main/engine/graph/tensor-data.ts';
import { npyBytes } from '../support/data-files.ts';
import { descendants } from '../support/processes.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { atMost, type BenchRow } from './bench-row.ts';
import { FEW_LARGE, model25M, type SliderSize } from './slider-case.ts';

const CLI = fileURLToPath(new URL('../../main/cli/cli-entry.ts', import.meta.url));
const SCHEMES = ['int8-static', 'int8-dynamic', 'float16', 'int4-weight'] as const;
const SAMPLES = 64;
const EVERY_MS = 5;
const MOST = 2;

export async function bench(): Promise<BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const bytes = 4 * FEW_LARGE.layers * FEW_LARGE.width ** 2;
  const rows: BenchRow[] = [];
  for (const scheme of SCHEMES) {
    const [bare, whole] = [await peakOf({ ...FEW_LARGE, width: 16 }, scheme), await peakOf(FEW_LARGE, scheme)];
    rows.push(atMost(`memory: ${scheme}, 96 MiB of inline weights / model`, (whole - bare) / bytes, MOST));
  }
  return rows;
}

/** Greatest resident memory of the command and what it starts, at one time. */
async function peakOf(size: SliderSize, scheme: string): Promise<number> {
  using folder = tempFolder();
  const [model, data] = [folder.file('model.onnx'), folder.file('data.npy')];
  writeFileSync(model, encodeModelBytes(distinct(size)));
  const values = Float32Array.from({ length: SAMPLES * size.width }, (_, at) => Math.sin(at));
  writeFileSync(data, npyBytes(values, [SAMPLES, size.width]));
  const args = ['quantize', model, '-o', folder.file('made.onnx'), '--data', data, '--scheme', scheme];
  const speed = scheme === 'int8-static' ? ['--speed', 'all'] : [];
  const command = spawn(process.execPath, [CLI, ...args, ...speed], { stdio: 'ignore' });
  let peak = 0;
  while (command.exitCode === null && command.signalCode === null) {
    const pids = [command.pid!, ...descendants(command.pid!).map(({ pid }) => pid)];
    peak = Math.max(peak, pids.reduce((sum, pid) => sum + residentOf(pid), 0)); // prettier-ignore
    await wait(EVERY_MS);
  }
  if (command.exitCode !== 0) throw new Error(`quantize --scheme ${scheme} ended with ${command.exitCode}`);
  return peak;
}

/** The model with weights of its own in each layer: the runtime holds what is alike once. */
function distinct(size: SliderSize): ReturnType<typeof model25M> {
  let layer = 0;
  return mapTensors(model25M(size), (tensor) => {
    layer++;
    const values = Float32Array.from(
      tensorValues(tensor) as Float32Array,
      (value, at) => value + Math.sin(at * layer) / 500,
    );
    return makeTensor(tensor.name, 'float32', tensor.dims, values);
  });
}

/** A process may end while it is looked at. */
function residentOf(pid: number): number {
  try {
    return (
      Number(/^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(join('/proc', String(pid), 'status'), 'utf8'))?.[1] ?? 0) * 1024
    );
  } catch {
    return 0;
  }
}
