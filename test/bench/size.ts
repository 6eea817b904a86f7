/** A model of 50,000 nodes: from the bare parse to all that the window needs, time and memory; what travels. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { quietContext } from '../../main/base/progress.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { packFrame } from '../../main/rpc/socket-port.ts';
import { runOperation } from '../../main/services/operations/operations.ts';
import { largeTransformer } from '../support/large-graph.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';
import type { SizeReport } from './size-case.ts';

const NODES = 50_000;
const INTERACTIVE_MS = 1500;
const FRAME_MS = 16;
const MIB = 1 << 20;

function runCase(kind: 'parse' | 'open', path: string): SizeReport {
  const script = fileURLToPath(new URL('./size-case.ts', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, kind, path], { encoding: 'utf8' })) as SizeReport;
}

/** About 20 s. */
export async function bench(): Promise<BenchRow[]> {
  using folder = tempFolder();
  const path = folder.file('large.onnx');
  writeFileSync(path, encodeModelBytes(largeTransformer(NODES)));
  const rounds = Array.from({ length: 3 }, () => ({ parse: runCase('parse', path), open: runCase('open', path) }));
  const of = (read: (round: (typeof rounds)[number]) => number): number => median(rounds.map(read));
  const plan = packFrame(await runOperation('prunePlan', { path }, quietContext())).length;
  const asWritten = packFrame(await runOperation('graph', { path }, quietContext())).length;
  return [
    atMost(
      '50,000 nodes: time to layers and costs / bare parse',
      of(({ parse, open }) => open.ms / parse.ms),
      8,
    ),
    atMost(
      '50,000 nodes: (time − bare parse) / 1.5 s',
      of(({ parse, open }) => (open.ms - parse.ms) / INTERACTIVE_MS),
      1,
    ),
    atMost(
      '50,000 nodes: memory / bare parse',
      of(({ parse, open }) => open.peakBytes / parse.peakBytes),
      5,
    ),
    atMost(
      '50,000 nodes: filter of all names / 16 ms',
      of(({ open }) => open.filterMs / FRAME_MS),
      1,
    ),
    atMost(
      '50,000 nodes: table of layers, MiB',
      of(({ open }) => open.tableBytes / MIB),
      8,
    ),
    atMost('50,000 nodes: pruning plan, MiB', plan / MIB, 8),
    atMost('50,000 nodes: graph as written, MiB', asWritten / MIB, 24),
  ];
}
