import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { HeldOutPoint, Training } from '../../contract/training.ts';
import { wilson } from '../../judge/statistics/binomial.ts';
import type { Parameter } from '../autograd/parameters.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { Runner } from '../runtime/runner.ts';
import type { DistillInput } from './distill-input.ts';
import { BlockStudent } from './block-student.ts';
import { blocksOf, type Block } from './blocks.ts';
import { Student, type TrainedStudent } from './learner.ts';
import { recipeOfPreset } from './presets.ts';
import { Pace } from './pace.ts';
import type { PreparedRun } from './prepare-run.ts';
import { train, type Counted, type End, type Resumed, type RunState, type TrainHost } from './train.ts';

/** How often the outside is told, and how often what is needed to go on is written. */
const TOLD_EVERY_MS = 250;
const KEPT_EVERY_MS = 10_000;
/** The held-out samples are looked at so many times in a run, if steps allow. */
const EVALUATIONS = 40;
/** A run ends where the held-out loss has not fallen for this share of the steps. */
const PATIENCE = 0.35;

export interface TrainingResult {
  readonly training: Training;
  readonly parameters: readonly Parameter[];
  /** The best state, one vector of all parameters. */
  readonly weights: Float32Array;
  readonly notes: readonly string[];
}

/** Trains, tells, keeps checkpoints, and goes on from one that is there. @throws see `distillModel` */
export async function runTraining(
  run: PreparedRun,
  { settings, runner, host }: DistillInput,
  { signal, progress }: TaskContext,
): Promise<TrainingResult> {
  const { iterations, batch, rate, seed, passOver } = settings;
  const memory = settings.memory === 0 ? undefined : settings.memory * 2 ** 20;
  const temperature = 'temperature' in settings ? settings.temperature : 4;
  const { optimizer, rateRule } = recipeOfPreset(settings.preset);
  progress({ stage: 'Preparing training', done: 0, total: 1 });
  const options = { run, optimizer, temperature, batch, seed, passOver, memory, signal };
  const blocks = settings.preset === 'blocks' ? blocksOf(run.student.graph, run.matches, run.parameters) : [];
  const stretch = Math.ceil(iterations / Math.max(1, blocks.length));
  const student =
    blocks.length > 1
      ? await BlockStudent.start(options, { blocks, stepsPerBlock: stretch })
      : await Student.start(options);
  try {
    const size = Math.min(batch, run.split.trained.length);
    const teller = new Teller(run, { batch: size, steps: iterations, estimate: student.estimate, host });
    teller.begin();
    const evaluateEvery = Math.max(1, Math.round(iterations / EVALUATIONS));
    // What comes after a block may need it though it brought nothing by itself; and codes jump from value to value until the rate has fallen.
    const patience = blocks.length > 1 || run.rounded ? Infinity : Math.max(1, PATIENCE * iterations);
    const plan = { steps: iterations, rate, rateRule, evaluateEvery, stretch, patience };
    const { checkpoints } = host;
    let keptAt = performance.now();
    const trainHost: TrainHost = {
      tell: (state) => void teller.tell(state, 'training'),
      stepped: (state) => {
        progress({ stage: 'Distilling', done: state.step, total: iterations });
      },
      order: () => host.order(),
      paused: (state) => void teller.tell(state, 'paused'),
      keep: async (state, learner, best) => {
        keptAt = performance.now();
        await checkpoints?.write(encodeCheckpoint(run.key, { state, learner, best }));
      },
      wantsToKeep: () => checkpoints !== undefined && performance.now() - keptAt >= KEPT_EVERY_MS,
      signal,
    };
    const resumed = await earlier(run, host);
    // Where it goes on from; the steps before were not made now.
    if (resumed !== undefined) teller.tell(resumed.state, 'preparing');
    const trained = await train(student, plan, trainHost, resumed);
    const { end, state, best } = trained;
    const where = end.kind === 'diverged' ? await student.whereNotFinite(end.step) : undefined;
    if (end.kind === 'diverged' && state.best.step === 0) throw diverged(state, end.step, where);
    const memory = await peakBytes(run.lanes.runners, signal);
    const training = teller.tell(state, end.kind === 'stopped' ? 'stopped' : 'done', memory);
    if (end.kind !== 'stopped') await checkpoints?.remove();
    const notes = [...blockNotes(blocks), ...notesOf(end, state, resumed, where), ...blockedNotes(student.blocked)];
    return { training, parameters: student.parameters, weights: best, notes };
  } finally {
    if (runner.alive) await student.close();
  }
}

/** Of all processes that train. */
async function peakBytes(runners: readonly Runner[], signal: AbortSignal): Promise<number> {
  const memory = await Promise.all(runners.map((each) => each.call('memory', { reset: false }, { signal })));
  return memory.reduce((sum, { peakBytes: bytes }) => sum + bytes, 0);
}

async function earlier(run: PreparedRun, { checkpoints }: DistillInput['host']): Promise<Resumed | undefined> {
  const bytes = await checkpoints?.read();
  return bytes === undefined ? undefined : decodeCheckpoint(bytes, run.key);
}

/** What is told of a run's state; no rate before it is known. */
type ToldState = Omit<RunState, 'rate' | 'best'> & {
  readonly rate: number | null;
  readonly best: { readonly step: number };
};

/** Says how a run stands, as the contract has it. */
class Teller {
  readonly #run: PreparedRun;
  readonly #batch: number;
  readonly #steps: number;
  readonly #estimate: Training['estimate'];
  readonly #host: DistillInput['host'];
  readonly #pace = new Pace(performance.now());
  #toldAt = 0;

  constructor(
    run: PreparedRun,
    told: {
      readonly batch: number;
      readonly steps: number;
      readonly estimate: Training['estimate'];
      readonly host: DistillInput['host'];
    },
  ) {
    this.#run = run;
    this.#batch = told.batch;
    this.#steps = told.steps;
    this.#estimate = told.estimate;
    this.#host = told.host;
  }

  /** Before anything runs. */
  begin(): void {
    this.tell({ step: 0, rate: null, rateTest: [], train: [], heldOut: [], best: { step: 0 } }, 'preparing');
  }

  tell(state: ToldState, status: Training['status'], memoryBytes: number | null = null): Training {
    const now = performance.now();
    this.#pace.reached(state.step, now, status !== 'paused' && status !== 'preparing');
    const pace = this.#pace.perSecond;
    const { split, matches } = this.#run;
    const training: Training = {
      status,
      step: state.step,
      steps: this.#steps,
      rate: state.rate,
      rateTest: state.rateTest.map((point) => ({ ...point })),
      samples: { trained: split.trained.length, heldOut: split.heldOut.length },
      samplesPerSecond: pace === null ? null : this.#batch * pace,
      memoryBytes,
      estimate: this.#estimate,
      train: state.train.map((point) => ({ ...point })),
      heldOut: state.heldOut.map(heldOutPoint),
      best: state.best.step,
      losses: wordsOf(matches),
      layers: [],
    };
    if (status !== 'training' || now - this.#toldAt >= TOLD_EVERY_MS) {
      this.#toldAt = now;
      this.#host.tell(training);
    }
    return training;
  }
}

function heldOutPoint({ step, loss, agreement, accuracy }: RunState['heldOut'][number]): HeldOutPoint {
  const share = (counted: Counted | null): HeldOutPoint['agreement'] =>
    counted === null ? null : wilson(counted.hits, counted.samples);
  return { step, loss, agreement: share(agreement), accuracy: share(accuracy) };
}

const WORDS = { outputs: 'outputs', labels: 'labels', attention: 'attention maps' } as const;

function wordsOf(matches: PreparedRun['matches']): string[] {
  const words = matches.map(({ kind, student }) => (kind === 'values' ? `'${student}'` : WORDS[kind]));
  return [...new Set(words)];
}

function notesOf(
  end: End,
  state: RunState,
  resumed: Resumed | undefined,
  where: string | undefined,
): readonly string[] {
  const went = resumed === undefined ? [] : [`Went on from step ${resumed.state.step} of a run that was stopped.`];
  const nothing = state.best.step === 0 ? ['Training brought nothing: the weights stay as they were.'] : [];
  const how: Readonly<Record<End['kind'], readonly string[]>> = {
    done: [],
    early: [
      `Ended at step ${state.step}: the held-out loss no longer fell. The weights are those of step ${state.best.step}.`,
    ],
    stopped: [`Stopped at step ${state.step}; the weights are those of step ${state.best.step}.`],
    diverged: [
      `Stopped at step ${state.step}: the loss was no finite number at a learning rate of ${state.rate.toExponential(1)}${began(where)}. ` +
        `The weights are those of step ${state.best.step}; a lower rate may get further.`,
    ],
  };
  return [...went, ...how[end.kind], ...nothing];
}

function blockNotes(blocks: readonly Block[]): readonly string[] {
  if (blocks.length < 2) return [];
  return [`Trained in ${blocks.length} blocks, one after the other; each has its share of the steps.`];
}

function blockedNotes(blocked: TrainedStudent['blocked']): readonly string[] {
  return blocked.map(({ layer, reason }) => `${layer}: ${reason}; weights before it were not reached through it.`);
}

/** ", beginning in layer1/conv1"; with finite layers it was the loss or its gradient. */
function began(where: string | undefined): string {
  return where === undefined ? ', in the loss or its gradient' : `, beginning in ${where}`;
}

function diverged({ rate }: RunState, step: number, where: string | undefined): StudioError {
  return new StudioError(
    'TRAIN_NOT_FINITE',
    `The loss was no finite number at step ${step}, at a learning rate of ${rate.toExponential(1)}${began(where)}; the weights stay as they were`,
    { hint: 'Lower the learning rate, and look for samples that hold extreme values.' },
  );
}
