/**
 * What a training step costs, in units of the same model's forward pass with constant weights: PyTorch's is about three of its own. Where
 * there is Python with torch (`PYTHON` names it), also in units of PyTorch's step and memory on as many threads.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crossEntropy } from '../../main/engine/autograd/loss.ts';
import { ParallelTrainer } from '../../main/engine/autograd/parallel-trainer.ts';
import { prepareTraining } from '../../main/engine/autograd/prepare.ts';
import { TRAINING_SESSION } from '../../main/engine/autograd/training-session.ts';
import { trainingGraph, type TrainingGraph } from '../../main/engine/autograd/training-graph.ts';
import { laneCount, withLanes } from '../../main/engine/distill/lanes.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { encodeModel } from '../../main/engine/onnx/encode-model.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { blockConvolutions, channelBlock } from '../../main/engine/passes/block-convolutions.ts';
import { physicalCores } from '../../main/engine/runtime/physical-cores.ts';
import type { Runner } from '../../main/engine/runtime/runner.ts';
import { withRunner } from '../../main/engine/runtime/runner-pool.ts';
import type { HostTensor, HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { mobileNetV2 } from '../support/mobilenet-v2.ts';
import { atMost, median, told, type BenchRow } from './bench-row.ts';

const RUNS = 7;

/** Training is to reach 0.8 of PyTorch's throughput, in 1.3 times its memory at most. */
const MOST_OF_TORCH = { ms: 1 / 0.8, peakBytes: 1.3 };

/** What a training process takes: the median step, and the most memory that it held (Linux). */
interface Cost {
  readonly ms: number;
  readonly peakBytes: number | null;
}

interface Case {
  /** As `torch_step.py` calls it. */
  readonly id: string;
  readonly name: string;
  readonly model: Model;
  readonly logits: string;
  readonly classes: number;
  /** Of the input, batch included. */
  readonly dims: readonly number[];
}

/** A training step, and the median forward pass timed in turns with it. */
async function timed(
  runner: Runner,
  { model, logits, classes, dims }: Case,
): Promise<{ readonly step: Cost; readonly sharedMs: number | null; readonly forwardMs: number }> {
  const { signal } = new AbortController();
  const prepared = await prepareTraining(model, { runners: { use: (work) => work(runner) }, signal });
  const training = trainingGraph({
    model: prepared.model,
    losses: [crossEntropy({ logits, labels: 'labels' })],
    optimizer: { kind: 'adam' },
  });
  const block = await channelBlock(runner);
  const written = block === undefined ? training.model : blockConvolutions(training.model, block);
  const random = seededRandom(1);
  const input = prepared.model.graph.inputs[0]!.name;
  const length = dims.reduce((all, size) => all * size, 1);
  const batch = dims[0]!;
  const x: HostTensor = { dtype: 'float32', dims, data: Float32Array.from({ length }, () => random() * 2 - 1) };
  const labels = BigInt64Array.from({ length: batch }, () => BigInt(Math.floor(random() * classes)));
  const numbers = Object.entries(training.rule.numbers(1, 1e-3)).map(
    ([name, value]) => [name, { dtype: 'float32', dims: [], data: Float32Array.of(value) }] as const,
  );
  const feeds: HostTensors = {
    [input]: x,
    labels: { dtype: 'int64', dims: [batch], data: labels },
    ...training.initial,
    ...Object.fromEntries(numbers),
  };
  const settings = { ...TRAINING_SESSION, threads: physicalCores(), takesTurns: true };
  const step = await runner.load({ bytes: encodeModel(written) }, settings);
  // the peak of training alone: the forward pass by itself comes behind it
  await runner.timeInterleaved([{ session: step, feeds }], { warmup: 0, runs: 2 });
  const peakBytes = peakOf(runner.pid);
  const forward = await runner.load({ bytes: encodeModel(prepared.model) }, settings);
  const entries = [
    { session: step, feeds },
    { session: forward, feeds: { [input]: x } },
  ];
  const [own, unit] = await runner.timeInterleaved(entries, { warmup: 2, runs: RUNS });
  await step.close();
  await forward.close();
  const lanes = laneCount(prepared.model, { batch, cores: physicalCores() });
  const parts = Array.from({ length: lanes }, (_, lane) => {
    const [from, to] = [Math.round((lane * batch) / lanes), Math.round(((lane + 1) * batch) / lanes)];
    const [samples, row] = [to - from, length / batch];
    const data = (x.data as Float32Array).slice(from * row, to * row);
    const own: HostTensors = {
      [input]: { ...x, dims: [samples, ...dims.slice(1)], data },
      labels: { dtype: 'int64', dims: [samples], data: labels.slice(from, to) },
    };
    return { feeds: own, samples };
  });
  const sharedMs = lanes === 1 ? null : await timedShared(runner, training, parts);
  return { step: { ms: median([...own!.timesMs]), peakBytes }, sharedMs, forwardMs: median([...unit!.timesMs]) };
}

/** The median step in several processes, with all that crosses between them. */
function timedShared(
  runner: Runner,
  training: TrainingGraph,
  parts: Parameters<ParallelTrainer['step']>[0],
): Promise<number> {
  const options = { lanes: parts.length, cores: physicalCores(), signal: new AbortController().signal };
  return withLanes(runner, options, async ({ runners, settings }) => {
    const trainer = await ParallelTrainer.start(runners, training, settings);
    const times: number[] = [];
    for (let run = 0; run < RUNS + 2; run++) {
      const start = performance.now();
      await trainer.step(parts, { learningRate: 1e-3 });
      if (run >= 2) times.push(performance.now() - start);
    }
    await trainer.close();
    return median(times);
  });
}

/** The most memory that a process has held so far; null where the system does not tell. */
function peakOf(pid: number | undefined): number | null {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return null;
  const kilobytes = /^VmHWM:\s+(\d+) kB/mu.exec(readFileSync(status, 'utf8'))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** The sample CNN and vision transformer, and the topology of MobileNetV2. */
export async function bench(): Promise<BenchRow[]> {
  const sample = async (name: string): Promise<Model> =>
    (await openModel(fileURLToPath(new URL(`../../resources/samples/${name}.onnx`, import.meta.url)))).model;
  const mobile = mobileNetV2();
  const glyphs = { logits: 'logits', classes: 36, dims: [64, 1, 32, 32] };
  const cases: Case[] = [
    { id: 'cnn', name: 'the sample CNN, batch 64', model: await sample('glyph-cnn'), ...glyphs },
    { id: 'vit', name: 'the sample ViT, batch 64', model: await sample('glyph-vit'), ...glyphs },
    {
      id: 'mobile',
      name: 'MobileNetV2, batch 4',
      model: mobile,
      logits: mobile.graph.outputs[0]!.name,
      classes: 1000,
      dims: [4, 3, 224, 224],
    },
  ];
  const assets = fileURLToPath(new URL('../../../shared/assets/models/resnet20-cifar10', import.meta.url));
  if (existsSync(assets)) {
    const { model } = await openModel(`${assets}/resnet20-cifar10.onnx`);
    const shape = { logits: 'logits', classes: 10, dims: [64, 3, 32, 32] };
    cases.push({ id: 'resnet20', name: 'ResNet-20, batch 64', model, ...shape });
  }
  const torch = hasTorch();
  const rows: BenchRow[] = [];
  for (const each of cases) {
    const { step, sharedMs, forwardMs } = await withRunner((runner) => timed(runner, each));
    rows.push(told(`train: a step over the forward pass, ${each.name}`, step.ms / forwardMs));
    if (sharedMs !== null) {
      rows.push(told(`train: a step in several processes over one in one, ${each.name}`, sharedMs / step.ms));
    }
    if (!torch) continue;
    const theirs = torchStep(each.id);
    // As a distillation trains it.
    rows.push(
      atMost(`train: a step over PyTorch's, ${each.name}`, (sharedMs ?? step.ms) / theirs.ms, MOST_OF_TORCH.ms),
    );
    if (step.peakBytes === null) continue;
    const memory = step.peakBytes / theirs.peakBytes!;
    rows.push(atMost(`train: peak memory over PyTorch's, ${each.name}`, memory, MOST_OF_TORCH.peakBytes));
  }
  return rows;
}

const PYTHON = process.env['PYTHON'] ?? 'python3';

function hasTorch(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** PyTorch's step, timed alone in a process of its own on as many threads. */
function torchStep(id: string): Cost {
  const script = fileURLToPath(new URL('torch_step.py', import.meta.url));
  const args = [script, String(physicalCores()), id];
  return JSON.parse(execFileSync(PYTHON, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })) as Cost;
}
