/** What `evaluate` makes of the runtime's speed: its throughput against a script that does the same by hand. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { quietContext } from '../../main/base/progress.ts';
import { evaluateModel } from '../../main/engine/dataset/evaluate.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { physicalCores } from '../../main/engine/runtime/physical-cores.ts';
import { withRunner } from '../../main/engine/runtime/runner-pool.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { npyBytes, npzBytes } from '../support/data-files.ts';
import { graph } from '../support/graph-builder.ts';
import { atMost, median, told, type BenchRow } from './bench-row.ts';
import type { ScriptTimes } from './script-loop.ts';

const ROUNDS = 5;
const BATCH = 32;
/** 90 % of the throughput. */
const LIMIT = 1.111;

interface Case {
  readonly name: string;
  readonly model: string;
  readonly data: string;
}

/** A CNN with global pooling: `[N, 3, side, side]` → 10 scores. */
function network(side: number, widths: readonly number[], stride: number): Uint8Array {
  const chain = graph('bench').input('x', 'float32', ['N', 3, side, side]);
  for (const [index, channels] of widths.entries()) chain.conv({ channels, stride: index === 0 ? stride : 1 }).relu();
  chain.conv({ channels: 64, stride: 2 }).relu();
  return encodeModelBytes(chain.globalAveragePool().flatten().gemm({ inputs: 64, outputs: 10 }).output().build());
}

/** Compressed bytes with labels, as data sets come. Smooth, so that they compress as photographs do. */
function arrays(samples: number, side: number): Uint8Array {
  const random = seededRandom(1);
  const pixels = new Uint8Array(samples * side * side * 3);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (pixels[at - 3] ?? 128) + Math.floor(random() * 9) - 4;
  const labels = Int32Array.from({ length: samples }, () => random() * 10);
  return npzBytes({ x: npyBytes(pixels, [samples, side, side, 3]), y: npyBytes(labels, [samples]) });
}

/** A folder of JPEGs in two classes, 256×256. */
async function photographs(folder: string, samples: number): Promise<string> {
  const random = seededRandom(2);
  const side = 256;
  for (let index = 0; index < samples; index++) {
    const kind = join(folder, index % 2 === 0 ? 'a' : 'b');
    mkdirSync(kind, { recursive: true });
    const pixels = Buffer.alloc(side * side * 3);
    for (let at = 0; at < pixels.length; at++) pixels[at] = (pixels[at - 3] ?? 128) + Math.floor(random() * 9) - 4;
    const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
    await image.jpeg({ quality: 82 }).toFile(join(kind, `${index}.jpg`));
  }
  return folder;
}

/** An evaluation's time over that of the script, and over the runs alone within the script. */
interface Ratios {
  readonly script: number;
  readonly runs: number;
}

/**
 * The time of an evaluation, from the first batch asked to the last result, over that of the script; in turns, the median
 * of the rounds.
 */
export async function evaluateRatios({ model, data }: Omit<Case, 'name'>): Promise<Ratios> {
  const threads = physicalCores();
  const entry = fileURLToPath(new URL('./script-loop.ts', import.meta.url));
  const script = fork(entry, [model, data, String(threads), String(BATCH)], {
    serialization: 'advanced',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  try {
    return await withRunner(async (runner) => {
      const dataset = await openDataset(data);
      const settings = { provider: 'cpu', threads } as const;
      let [own, theirs] = [0, { wholeMs: 0, runsMs: 0, samples: 0 }];
      const runScript = async (): Promise<void> => {
        script.send('run');
        [theirs] = (await once(script, 'message')) as [ScriptTimes];
      };
      const evaluate = async (): Promise<void> => {
        const request = { model: { path: model }, dataset, runner, settings, batch: BATCH };
        const { samples, samplesPerSecond } = await evaluateModel(request, quietContext());
        own = (samples / samplesPerSecond) * 1000;
      };
      const rounds: Ratios[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        // who goes first changes each round, so that a drift of the machine favours neither
        for (const side of round % 2 === 0 ? [runScript, evaluate] : [evaluate, runScript]) await side();
        if (theirs.samples !== dataset.samples) throw new Error(`the script read ${theirs.samples} samples`);
        if (round >= 0) rounds.push({ script: own / theirs.wholeMs, runs: own / theirs.runsMs });
      }
      return { script: median(rounds.map((it) => it.script)), runs: median(rounds.map((it) => it.runs)) };
    });
  } finally {
    script.kill();
  }
}

/**
 * A small, a middle and a large model on arrays, and the large one on JPEGs: against a script of some twenty lines that reads,
 * prepares, runs and counts. Beside it, without a limit, against the runs alone: what remains of reading and counting.
 */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lapidary-bench-'));
  const at = (name: string): string => join(folder, name);
  const samples = fileURLToPath(new URL('../../resources/samples/', import.meta.url));
  try {
    writeFileSync(at('middle.onnx'), network(32, [32, 32, 32], 1));
    writeFileSync(at('middle.npz'), arrays(2048, 32));
    writeFileSync(at('large.onnx'), network(224, [32, 64, 64], 2));
    writeFileSync(at('large.npz'), arrays(256, 224));
    const cases: Case[] = [
      { name: 'the sample CNN', model: join(samples, 'glyph-cnn.onnx'), data: join(samples, 'glyphs-test.npz') }, // prettier-ignore
      { name: '20 MMAC at 32×32', model: at('middle.onnx'), data: at('middle.npz') },
      { name: '0.7 GMAC at 224×224', model: at('large.onnx'), data: at('large.npz') },
      { name: 'JPEGs at 224×224', model: at('large.onnx'), data: await photographs(at("jpegs"), 96) }, // prettier-ignore
    ];
    const rows: BenchRow[] = [];
    for (const each of cases) {
      const { script, runs } = await evaluateRatios(each);
      rows.push(atMost(`evaluate: a script's throughput over its own, ${each.name}`, script, LIMIT));
      rows.push(told(`evaluate: the runs' throughput alone over its own, ${each.name}`, runs));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
