import { throwIfCancelled } from '../../base/errors.ts';
import type { TrainingOrder } from '../../contract/training.ts';
import type { Checkpoint } from '../autograd/trainer.ts';
import { chooseRate, isOver, RATE_BATCHES, RATE_STEPS, testRate, type RatePoint, type RateRule } from './rate-test.ts';
import { rateFactor } from './schedule.ts';

/** Something that can be trained: its weights lie elsewhere. */
export interface Learner {
  /** One update on a training batch. @returns the loss before it; no finite number: nothing was updated */
  step(step: number, rate: number): Promise<number>;
  /** How it does on what is held out. */
  evaluate(): Promise<Standing>;
  /** A copy of everything that it needs to go on. */
  save(): Promise<Checkpoint>;
  restore(state: Checkpoint): Promise<void>;
  /** A copy of all weights, one after the other. */
  weights(): Promise<Float32Array>;
}

/** How near the student is on the held-out samples; `null` where there is nothing to count. */
export interface Standing {
  readonly loss: number;
  readonly agreement: Counted | null;
  readonly accuracy: Counted | null;
}

export interface Counted {
  readonly hits: number;
  readonly samples: number;
}

export interface TrainingPlan {
  readonly steps: number;
  /** 0: found by a short test. */
  readonly rate: number;
  readonly rateRule: RateRule;
  readonly evaluateEvery: number;
  /** Steps after which the rate begins anew. */
  readonly stretch: number;
  /** Steps without a held-out loss below all since the first step after which it ends. */
  readonly patience: number;
}

/** Where a run stands: all that is needed to go on from here, but for the learner's own state. */
export interface RunState {
  /** Updates that were made. */
  readonly step: number;
  readonly rate: number;
  readonly rateTest: readonly RatePoint[];
  readonly train: readonly { readonly step: number; readonly loss: number }[];
  readonly heldOut: readonly (Standing & { readonly step: number })[];
  /** The step whose weights are kept. */
  readonly best: { readonly step: number; readonly loss: number };
}

export interface TrainHost {
  /** The run as it is now, at every evaluation. */
  readonly tell: (state: RunState) => void;
  /** A step was made. */
  readonly stepped: (state: RunState) => void;
  /** It waits to be told to go on. */
  readonly paused: (state: RunState) => void;
  /** Asked between two steps. */
  readonly order: () => Promise<TrainingOrder>;
  /** Keeps what is needed to go on; `best` the weights that are kept. */
  readonly keep: (state: RunState, learner: Checkpoint, best: Float32Array) => Promise<void>;
  /** Whether it is time to keep again. */
  readonly wantsToKeep: () => boolean;
  readonly signal: AbortSignal;
}

/** Why a run ended. */
export type End =
  | { readonly kind: 'done' }
  /** The held-out loss no longer fell. */
  | { readonly kind: 'early' }
  | { readonly kind: 'stopped' }
  /** The loss was no number at this step. */
  | { readonly kind: 'diverged'; readonly step: number };

export interface Trained {
  readonly end: End;
  readonly state: RunState;
  readonly best: Float32Array;
}

/** What an earlier run left. */
export interface Resumed {
  readonly state: RunState;
  readonly learner: Checkpoint;
  readonly best: Float32Array;
}

/**
 * Trains until the steps are over, the held-out loss no longer falls, or someone says stop. What is kept are the weights with the
 * least held-out loss, those before any training among them.
 * @throws CANCELLED; what the learner throws
 */
export async function train(
  learner: Learner,
  plan: TrainingPlan,
  host: TrainHost,
  resumed?: Resumed,
): Promise<Trained> {
  if (resumed !== undefined) await learner.restore(resumed.learner);
  const run = new Run(learner, plan, host);
  return run.go(resumed ?? (await begin(learner, plan, host)));
}

/**
 * The best evaluation since the first step. Where it began does not count: an optimizer that knows no gradient yet takes it from there at
 * first, and a run that comes back is not to be ended on the way.
 */
function leastSince(heldOut: RunState['heldOut']): { readonly step: number } {
  return heldOut.slice(1).reduce((least, point) => (point.loss < least.loss ? point : least));
}

/** Measures where it begins, and finds the learning rate. */
async function begin(learner: Learner, plan: TrainingPlan, host: TrainHost): Promise<Resumed> {
  const state = await learner.save();
  const standing = { step: 0, ...(await learner.evaluate()) };
  const test = plan.rate > 0 ? [] : await testRates(learner, host);
  if (test.length > 0) await learner.restore(state);
  const rate = plan.rate > 0 ? plan.rate : (chooseRate(test, plan.rateRule) ?? testRate(0));
  const best = { step: 0, loss: standing.loss };
  const first: RunState = { step: 0, rate, rateTest: test, train: [], heldOut: [standing], best };
  host.tell(first);
  return { state: first, learner: state, best: await learner.weights() };
}

async function testRates(learner: Learner, { signal, order }: TrainHost): Promise<readonly RatePoint[]> {
  const points: RatePoint[] = [];
  for (let step = 0; step < RATE_STEPS; step++) {
    throwIfCancelled(signal, 'Training');
    if ((await order()) === 'stop') break;
    const rate = testRate(step);
    points.push({ rate, loss: await learner.step(step % RATE_BATCHES, rate) });
    if (isOver(points)) break;
  }
  return points;
}

class Run {
  readonly #learner: Learner;
  readonly #plan: TrainingPlan;
  readonly #host: TrainHost;

  constructor(learner: Learner, plan: TrainingPlan, host: TrainHost) {
    this.#learner = learner;
    this.#plan = plan;
    this.#host = host;
  }

  async go(from: Resumed): Promise<Trained> {
    const { steps, evaluateEvery, patience, stretch } = this.#plan;
    let { state, best } = from;
    let [sum, counted] = [0, 0];
    while (state.step < steps) {
      if ((await this.#waitForOrder(state, best)) === 'stop') return { end: { kind: 'stopped' }, state, best };
      const loss = await this.#learner.step(state.step, state.rate * rateFactor(state.step % stretch, stretch));
      if (!Number.isFinite(loss)) return { end: { kind: 'diverged', step: state.step }, state, best };
      [sum, counted] = [sum + loss, counted + 1];
      state = { ...state, step: state.step + 1 };
      this.#host.stepped(state);
      if (state.step % evaluateEvery !== 0 && state.step < steps) continue;
      const standing = { step: state.step, ...(await this.#learner.evaluate()) };
      const train = [...state.train, { step: state.step, loss: sum / counted }];
      [sum, counted] = [0, 0];
      state = { ...state, train, heldOut: [...state.heldOut, standing] };
      if (standing.loss < state.best.loss) {
        best = await this.#learner.weights();
        state = { ...state, best: { step: state.step, loss: standing.loss } };
      }
      this.#host.tell(state);
      if (state.step - leastSince(state.heldOut).step >= patience) return { end: { kind: 'early' }, state, best };
      if (this.#host.wantsToKeep()) await this.#host.keep(state, await this.#learner.save(), best);
    }
    return { end: { kind: 'done' }, state, best };
  }

  /** Waits while it is paused. */
  async #waitForOrder(state: RunState, best: Float32Array): Promise<TrainingOrder> {
    const { signal, order, keep } = this.#host;
    let kept = false;
    for (;;) {
      throwIfCancelled(signal, 'Training');
      const said = await order();
      if (said !== 'pause') return said;
      if (!kept) {
        this.#host.paused(state);
        await keep(state, await this.#learner.save(), best);
      }
      kept = true;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
