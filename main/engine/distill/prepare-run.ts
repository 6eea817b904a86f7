import { createHash } from 'node:crypto';
import { StudioError } from '../../base/errors.ts';
import type { DistillStep } from '../../contract/recipe/distill.ts';
import { trainableParameters } from '../autograd/parameters.ts';
import { TRAINING_SESSION } from '../autograd/training-session.ts';
import { scoresOutput } from '../dataset/model-outputs.ts';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import { sourcesOf, type Sources } from '../passes/pass.ts';
import type { KeptChannels, Lineage } from '../prune/lineage.ts';
import { compareValues, type ComparedValues } from './compare-values.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import { chooseAugmentation } from './choose-augmentation.ts';
import type { DistillInput } from './distill-input.ts';
import { holdOut, type HeldOut } from './hold-out.ts';
import type { Match } from './match.ts';
import { frozenParameters } from './frozen.ts';
import { matchOf, planMatches, type MatchPlan } from './plan-matches.ts';
import { Samples } from './samples.ts';
import type { Lanes } from './lanes.ts';
import { loadTapped } from './shapes.ts';
import { openBatch } from './open-batch.ts';
import { ViewedSamples } from './viewed-samples.ts';

/** Everything that training needs, made ready. */
export interface PreparedRun {
  readonly student: Model;
  /** Loaded in every lane, with what is matched as outputs. */
  readonly teachers: readonly Session[];
  readonly lanes: Lanes;
  /** The teacher's scores. */
  readonly scores: { readonly student: string; readonly teacher: string };
  readonly samples: ViewedSamples;
  readonly split: HeldOut;
  readonly matches: readonly Match[];
  readonly kept: (match: { readonly teacher: string }) => readonly KeptChannels[];
  /** Initializers that are trained. */
  readonly parameters: readonly string[];
  /** Whether weights are rounded in every step. */
  readonly rounded: boolean;
  /** Settings that were left open, decided. */
  readonly decided: Pick<DistillStep, 'augment'>;
  /** Tells this run from all others. */
  readonly key: string;
  readonly notes: readonly string[];
}

/** Samples take at most this much memory. */
const SAMPLE_BYTES = 2 ** 30;
/** Each sample is shown in so many ways at most. */
const VIEWS = 32;
/** Samples that are run to learn shapes, and which channels are the same. */
const TRIED = 32;

interface Pair {
  readonly student: Model;
  readonly teacher: Model;
  /** Layers of the model that the step was given, by node of the student. */
  readonly sources: Sources;
  /** Initializers of the student that stand for stored codes: weights, and the steps that they are rounded to. */
  readonly codes: readonly string[];
}

/**
 * Reads the samples, decides what is compared, and loads the teacher.
 * @throws DATA_INVALID for too few samples or labels that are missing; SHAPE_MISMATCH for a teacher of another task; RUNTIME_…,
 *   CANCELLED
 */
export async function prepareRun(
  { student: given, teacher, sources, codes }: Pair,
  { settings, lineage, calibration, labels, runner }: DistillInput,
  { lanes, signal }: { readonly lanes: Lanes; readonly signal: AbortSignal },
): Promise<PreparedRun> {
  const { seed, heldOut: share } = settings;
  const student = openBatch(given);
  const classes = labels(settings.samples);
  const samples = await Samples.read(calibration(settings.samples), { labels: classes, most: SAMPLE_BYTES });
  const split = holdOut(samples.count, { share, seed });
  const match = matchOf(settings.preset, settings.match);
  if (match === 'labels' && samples.labels === null) {
    throw new StudioError('DATA_LABELS_MISSING', 'The samples have no labels, but labels are to be learnt', {
      hint: 'Add labels (--labels), or match the outputs of the teacher instead.',
    });
  }
  const probe = await loadTapped(runner, student, [], TRAINING_SESSION, signal);
  const outputs = { student: scoresOutput(probe.outputs, undefined).name };
  await probe.close();
  const theirs = teacher.graph.outputs.some(({ name }) => name === outputs.student)
    ? outputs.student
    : (teacher.graph.outputs[0]?.name ?? '');
  const scores = { ...outputs, teacher: theirs };
  const alpha = 'alpha' in settings ? settings.alpha : 0.5;
  const plan = planMatches(student, teacher, { match, alpha, outputs: scores });
  const tapped = [...new Set([...plan.matches.map((one) => one.teacher), plan.scores.teacher, theirs])];
  const teachers = await Promise.all(
    lanes.runners.map((each) => loadTapped(each, openBatch(teacher), tapped, lanes.settings, signal)),
  );
  const loaded = teachers[0]!;
  const { matches, kept, notes } = await measured(runner, { student, loaded, plan, samples, lineage, signal });
  const augmentation = await chooseAugmentation(settings.augment, {
    teacher: loaded,
    output: theirs,
    samples,
    seed,
    signal,
  });
  // A mixture has no label. Images are only moved where nothing tells how much they can stand.
  const mixes = match !== 'labels' && augmentation.kind !== 'shift';
  const excluded = new Set(settings.exclude);
  const frozen = frozenParameters(student, (node) => sourcesOf(sources, node).some((layer) => excluded.has(layer)));
  return {
    student,
    teachers,
    lanes,
    scores,
    samples: ViewedSamples.drawn(samples, {
      kind: augmentation.kind,
      most: VIEWS,
      seed,
      others: mixes ? split.trained : [],
    }),
    split,
    matches,
    kept: ({ teacher: value }) => kept.get(value) ?? [],
    parameters: [...new Set([...trainableParameters(student), ...codes])].filter((name) => !frozen.has(name)),
    rounded: codes.length > 0,
    decided: { augment: augmentation.kind },
    key: keyOf([student, teacher], [settings, augmentation.kind, samples.digest()]),
    notes: [...plan.notes, ...notes, ...augmentation.notes, ...samples.notes],
  };
}

interface Measured {
  readonly student: Model;
  readonly loaded: Session;
  readonly plan: MatchPlan;
  readonly samples: Samples;
  readonly lineage: Lineage | undefined;
  readonly signal: AbortSignal;
}

/** What is compared, with shapes: from what both models give on some samples. */
async function measured(
  runner: Runner,
  { student, loaded, plan, samples, lineage, signal }: Measured,
): Promise<ComparedValues> {
  const viewed = ViewedSamples.drawn(samples, { kind: 'none', most: 1, seed: 0 });
  const items = Array.from({ length: Math.min(TRIED, samples.count) }, (_, sample) => ({ sample, view: 0 }));
  const wanted = [...plan.matches, plan.scores];
  const values = [...new Set(wanted.map((match) => match.student))];
  const own = await loadTapped(runner, student, values, TRAINING_SESSION, signal);
  try {
    const ours = await own.run(viewed.feeds(items, own.inputs), { outputs: values, signal });
    const outputs = [...new Set(wanted.map(({ teacher }) => teacher))];
    const theirs = await loaded.run(viewed.feeds(items, loaded.inputs), { outputs, signal });
    return await compareValues(plan, { student: ours, teacher: theirs }, { lineage, signal });
  } finally {
    if (runner.alive) await own.close();
  }
}

function keyOf(models: readonly Model[], told: unknown): string {
  const hash = createHash('sha256');
  for (const model of models) for (const piece of encodeModel(model)) hash.update(piece);
  return hash.update(JSON.stringify(told)).digest('hex');
}
