import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evidence, Finding } from '../../../contract/doctor.ts';
import { median } from '../../../judge/statistics/median.ts';
import { pairedRatio } from '../../../judge/statistics/paired-ratio.ts';
import type { Model } from '../../graph/ir.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import { isQdq, roleOf } from '../../operators/ask.ts';
import { saveModel } from '../../onnx/save.ts';
import { floatLayers } from '../../passes/float-layers.ts';
import { profileModel } from '../../profile/profile-model.ts';
import type { ProfileResult } from '../../profile/profile-result.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { Session } from '../../runtime/session.ts';
import { floatFix, layer, rewriteFix, counted, type Subject } from '../subject.ts';
import { SHARES, type Surroundings } from './surroundings.ts';

/** Beyond this a model or a layer counts as slower; less is noise of the machine. */
const SLOWER = 1.05;
/** A layer must lose that share of the whole time to be told. */
const WORTH = 0.005;
/** Runs of a profile: so long that times settle, so short that nobody waits. */
const PROFILE_MS = 1000;

/**
 * Times a quantized model in turns with the same model in float, and each layer of both under the profiler; layers that are
 * slower in integers, conversions beside them included, are then taken back to float and the whole is timed again.
 * @returns findings about the whole and about its layers; nothing where integers are faster everywhere
 * @throws RUNTIME_…, CANCELLED
 */
export async function slowerLayers(subject: Subject, around: Surroundings): Promise<readonly Finding[]> {
  const float = floatLayers(subject.model, undefined).model;
  if (float === subject.model) return [];
  const [own, other] = (await timesInTurns([subject.model, float], around)) as [Float64Array, Float64Array];
  const ratio = pairedRatio(own, other);
  const [ownMs, floatMs] = [median(own), median(other)];
  if (around.isUp(SHARES.times)) around.note('time allowed the whole model, not its layers');
  const { layers: slow, conversionMs } = around.isUp(SHARES.times)
    ? NO_LAYERS
    : await layersSlower(subject, float, around, { ownMs, floatMs });
  const whole = (ratio.low ?? ratio.value) > SLOWER;
  const back: Tried = { candidate: ALL, ms: floatMs, beforeMs: ownMs, ratio: 1 / ratio.value };
  const tried = (await tryCandidates(subject, candidatesOf(subject, slow), around)) ?? (whole ? back : undefined);
  return [
    ...(whole ? [wholeFinding({ ownMs, floatMs, conversionMs, ratio: ratio.value }, tried, subject)] : []),
    ...layersFinding(slow, { tried: whole ? undefined : tried, whole }, subject, ownMs),
  ];
}

const NO_LAYERS: Slow = { layers: [], conversionMs: 0 };

/** What is slower than in float, and what the kernels take that only convert. */
interface Slow {
  readonly layers: readonly SlowLayer[];
  readonly conversionMs: number;
}

/** A layer that takes longer in integers. */
interface SlowLayer {
  readonly name: string;
  readonly ownMs: number;
  readonly floatMs: number;
}

async function layersSlower(
  { model }: Subject,
  float: Model,
  around: Surroundings,
  { ownMs, floatMs }: { readonly ownMs: number; readonly floatMs: number },
): Promise<Slow> {
  const [own, other] = [await profileOf(model, ownMs, around), await profileOf(float, floatMs, around)];
  // Profiling slows kernels down, small ones more: both are brought to the times that were measured without it.
  const scale = (profile: ProfileResult, wholeMs: number): number =>
    wholeMs / profile.kernels.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const [ownScale, floatScale] = [scale(own, ownMs), scale(other, floatMs)];
  const inFloat = new Map(other.layers.map((one) => [one.name, one.timeMs * floatScale]));
  const fused = new Set(other.layers.flatMap((one) => (one.fusedInto === null ? [] : [one.name])));
  const layers = own.layers
    .flatMap(({ name, timeMs }) => {
      const before = inFloat.get(name);
      // What a float kernel takes along is no loss of its own.
      if (before === undefined || fused.has(name) || timeMs === 0) return [];
      const one = { name, ownMs: timeMs * ownScale, floatMs: before };
      const slower = one.ownMs > SLOWER * one.floatMs && one.ownMs - one.floatMs > WORTH * ownMs;
      return slower ? [one] : [];
    })
    .sort((a, b) => b.ownMs - b.floatMs - (a.ownMs - a.floatMs));
  const conversions = own.kernels.filter(({ category }) => category === 'quantization');
  return { layers, conversionMs: conversions.reduce((sum, { timeMs }) => sum + timeMs, 0) * ownScale };
}

async function profileOf(
  model: Model,
  wholeMs: number,
  { runner, context, feeds }: Surroundings,
): Promise<ProfileResult> {
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-doctor-'));
  try {
    const path = join(folder, 'model.onnx');
    await saveModel(model, path, { signal: context.signal });
    const runs = Math.max(6, Math.min(60, Math.round(PROFILE_MS / Math.max(wholeMs, 0.01))));
    const batch = Object.values(feeds).find(({ dims }) => dims.length > 0)?.dims[0] ?? 1;
    const request = {
      provider: 'cpu',
      threads: null,
      batch,
      dims: {},
      runs,
      warmup: 3,
      inputs: null,
      trace: null,
    } as const;
    return await profileModel({ model, path }, lendRunner(runner), request, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Times in ms of each model, A B A B …, on the same inputs. @throws RUNTIME_…, CANCELLED */
export async function timesInTurns(
  models: readonly Model[],
  { runner, context, feeds }: Surroundings,
): Promise<readonly Float64Array[]> {
  const { signal } = context;
  const sessions: Session[] = [];
  const settings = { provider: 'cpu', threads: null, takesTurns: true } as const;
  try {
    for (const model of models) sessions.push(await runner.load(sourceOfModel(model), settings, { signal }));
    const entries = sessions.map((session) => ({ session, feeds }));
    const plan = { warmup: 3, enoughRuns: 40, minSeconds: 0.5, enoughSeconds: 3, minRuns: 10, maxSeconds: 10 };
    const timings = await runner.timeInterleaved(entries, plan, {
      signal,
      onProgress: (step) => context.progress({ ...step, stage: 'Timing against float' }),
    });
    return timings.map(({ timesMs }) => timesMs);
  } finally {
    if (runner.alive) for (const session of sessions) await session.close();
  }
}

interface Candidate {
  readonly layers: readonly string[];
  /** All layers, which is the float model. */
  readonly all: boolean;
}

const ALL: Candidate = { layers: [], all: true };

/** Sets of layers that may be better off in float: the slow ones; these with what stands between; all. */
function candidatesOf({ model }: Subject, slow: readonly SlowLayer[]): readonly Candidate[] {
  const index = indexGraph(model.graph);
  const names = new Set(slow.map(({ name }) => name));
  if (names.size === 0) return [];
  const wide = new Set(names);
  for (const node of model.graph.nodes) {
    if (isQdq(node) || roleOf(node).kind === 'weighted' || !readsFrom(node.inputs, wide, index)) continue;
    wide.add(node.name);
  }
  const sets: Candidate[] = [{ layers: [...names], all: false }];
  if (wide.size > names.size) sets.push({ layers: [...wide], all: false });
  return sets;
}

function readsFrom(
  inputs: readonly string[],
  layers: ReadonlySet<string>,
  index: ReturnType<typeof indexGraph>,
): boolean {
  return inputs.some((value) => {
    let maker = index.producer(value);
    for (let steps = 0; steps < 2 && maker !== undefined && isQdq(maker); steps++)
      maker = index.producer(maker.inputs[0] ?? '');
    return maker !== undefined && layers.has(maker.name);
  });
}

interface Tried {
  readonly candidate: Candidate;
  readonly ms: number;
  readonly beforeMs: number;
  readonly ratio: number;
}

/** The fastest of the candidates and the float model; undefined where none is faster than the model as it is. */
async function tryCandidates(
  { model }: Subject,
  candidates: readonly Candidate[],
  around: Surroundings,
): Promise<Tried | undefined> {
  if (candidates.length === 0) return undefined;
  const tried = [...candidates, ALL];
  const models = tried.map(({ layers, all: every }) => floatLayers(model, every ? undefined : new Set(layers)).model);
  const [own, ...times] = await timesInTurns([model, ...models], around);
  let best: Tried | undefined;
  for (const [at, candidate] of tried.entries()) {
    const ratio = pairedRatio(times[at]!, own!);
    if ((ratio.high ?? ratio.value) >= 0.98 || (best !== undefined && ratio.value >= best.ratio)) continue;
    best = { candidate, ms: median(times[at]!), beforeMs: median(own!), ratio: ratio.value };
  }
  return best;
}

function fixOf(tried: Tried | undefined, subject: Subject): Finding['fix'] {
  if (tried === undefined) return null;
  const { candidate, ms, beforeMs, ratio } = tried;
  const evidence: Evidence[] = [
    { label: 'before', value: beforeMs, unit: 'ms' },
    { label: 'after', value: ms, unit: 'ms' },
    { label: 'of the time before', value: ratio, unit: 'times' },
  ];
  if (!candidate.all) return floatFix(subject, candidate.layers, evidence);
  if (!subject.origin.quantizes) return rewriteFix('Everything back to float', { pass: 'float-all' }, evidence);
  const nodes = subject.model.graph.nodes.filter((node) => !isQdq(node));
  return floatFix(
    subject,
    nodes.map(({ name }) => name),
    evidence,
  );
}

function wholeFinding(
  {
    ownMs,
    floatMs,
    conversionMs,
    ratio,
  }: { readonly [name in 'ownMs' | 'floatMs' | 'conversionMs' | 'ratio']: number },
  tried: Tried | undefined,
  subject: Subject,
): Finding {
  return {
    code: 'slower-than-float',
    severity: 'warning',
    text: `The model takes ${ratio.toFixed(2)} times as long as the same model in float here: conversions and integer kernels cost more than they save.`,
    evidence: [
      { label: 'as it is', value: ownMs, unit: 'ms' },
      { label: 'in float', value: floatMs, unit: 'ms' },
      { label: 'of the time in float', value: ratio, unit: 'times' },
      { label: 'in conversions alone', value: conversionMs, unit: 'ms' },
    ],
    layers: [],
    measured: true,
    fix: fixOf(tried, subject),
  };
}

function layersFinding(
  slow: readonly SlowLayer[],
  { tried, whole }: { readonly tried: Tried | undefined; readonly whole: boolean },
  subject: Subject,
  wholeMs: number,
): readonly Finding[] {
  if (slow.length === 0) return [];
  const lost = slow.reduce((sum, { ownMs, floatMs }) => sum + ownMs - floatMs, 0);
  return [
    {
      code: 'layers-slower',
      severity: tried === undefined ? 'hint' : 'warning',
      text: `${counted(slow.length, 'layer')} ${slow.length === 1 ? 'takes' : 'take'} longer in integers than in float here, with the conversions that belong to ${slow.length === 1 ? 'it' : 'them'}.${tried === undefined && !whole ? ' Taking them back to float was tried and brings nothing as a whole.' : ''}`,
      evidence: [
        { label: 'lost in them', value: lost, unit: 'ms' },
        { label: 'of all time', value: wholeMs === 0 ? 0 : lost / wholeMs, unit: 'share' },
      ],
      layers: slow.map(({ name, ownMs, floatMs }) =>
        layer(name, null, [
          { label: 'as it is', value: ownMs, unit: 'ms' },
          { label: 'in float', value: floatMs, unit: 'ms' },
        ]),
      ),
      measured: true,
      fix: fixOf(tried, subject),
    },
  ];
}
