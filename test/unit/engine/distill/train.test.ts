import { describe, expect, it } from 'vitest';
import {
  train,
  type Learner,
  type Resumed,
  type RunState,
  type TrainHost,
} from '../../../../main/engine/distill/train.ts';
import type { TrainingOrder } from '../../../../main/contract/training.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../../main/engine/distill/checkpoint.ts';

/** Goes down x² by plain gradient steps; the held-out loss is (x − 1)². */
class Slope implements Learner {
  x = 4;
  steps = 0;
  readonly breaksAt: number;
  constructor(breaksAt = Infinity) {
    this.breaksAt = breaksAt;
  }
  step(step: number, rate: number) {
    const loss = this.x ** 2;
    if (step >= this.breaksAt) return Promise.resolve(NaN);
    this.x -= rate * 2 * this.x;
    this.steps++;
    return Promise.resolve(loss);
  }
  evaluate() {
    return Promise.resolve({ loss: (this.x - 1) ** 2, agreement: { hits: 1, samples: 2 }, accuracy: null });
  }
  save() {
    const x = { dtype: 'float32', dims: [1], data: Float32Array.of(this.x) } as const;
    return Promise.resolve({ step: this.steps, state: { x } });
  }
  restore({ step, state }: Resumed['learner']) {
    this.x = (state['x']!.data as Float32Array)[0]!;
    this.steps = step;
    return Promise.resolve();
  }
  weights() {
    return Promise.resolve(Float32Array.of(this.x));
  }
}

const quiet = (parts: Partial<TrainHost> = {}): TrainHost => ({
  tell: () => undefined,
  stepped: () => undefined,
  paused: () => undefined,
  order: () => Promise.resolve('go'),
  keep: () => Promise.resolve(),
  wantsToKeep: () => false,
  signal: new AbortController().signal,
  ...parts,
});
const plan = {
  steps: 40,
  rate: 0.05,
  rateRule: { share: 0.4, harm: 1.25 },
  evaluateEvery: 2,
  stretch: 40,
  patience: 40,
};

describe('a training', () => {
  it('keeps the best state, not the last', async () => {
    const slope = new Slope();
    const { best, state, end } = await train(slope, plan, quiet());
    expect(end.kind).toBe('done');
    expect(state.step).toBe(40);
    expect(state.heldOut[0]).toMatchObject({ step: 0, loss: 9 });
    expect(state.best.loss).toBe(Math.min(...state.heldOut.map(({ loss }) => loss)));
    expect(state.best.step).toBeLessThan(40);
    expect((best[0]! - 1) ** 2).toBeCloseTo(state.best.loss, 5);
    expect(slope.x).toBeLessThan(best[0]!);
  });

  it('ends where nothing gets better', async () => {
    const { end, state } = await train(new Slope(), { ...plan, patience: 8 }, quiet());
    expect(end.kind).toBe('early');
    expect(state.step - state.best.step).toBe(8);
  });

  it('does not end while it comes back from what the first steps did, though it began better', async () => {
    class Shaken extends Slope {
      override async evaluate() {
        const standing = await super.evaluate();
        return this.steps === 0 ? { ...standing, loss: 0 } : standing;
      }
    }
    const { end, state } = await train(new Shaken(), { ...plan, patience: 8 }, quiet());
    const least = state.heldOut.slice(1).toSorted((a, b) => a.loss - b.loss)[0]!;
    expect(end.kind).toBe('early');
    expect(least.step).toBeGreaterThan(8);
    expect([state.best.step, state.step - least.step]).toEqual([0, 8]);
  });

  it('finds a rate, and begins again where it began', async () => {
    const { state } = await train(new Slope(), { ...plan, rate: 0 }, quiet());
    expect(state.rateTest.length).toBeGreaterThan(10);
    expect(state.rate).toBeGreaterThan(1e-3);
    expect(state.heldOut[0]!.loss).toBe(9);
    expect(state.train[0]!.loss).toBeGreaterThan(14);
  });

  it('stops at a loss that is no number, with what was best', async () => {
    const { end, best, state } = await train(new Slope(9), plan, quiet());
    expect(end).toEqual({ kind: 'diverged', step: 9 });
    expect(state.best.step).toBe(8);
    expect(best[0]).toBeLessThan(4);
  });

  it('stops when it is told to, with what was best', async () => {
    let asked = 0;
    const order = (): Promise<TrainingOrder> => Promise.resolve(asked++ < 7 ? 'go' : 'stop');
    const { end, state } = await train(new Slope(), plan, quiet({ order }));
    expect([end.kind, state.step, state.best.step]).toEqual(['stopped', 7, 6]);
  });

  it('waits while it is paused, having kept what it needs', async () => {
    const kept: RunState[] = [];
    const orders: TrainingOrder[] = ['go', 'go', 'pause', 'pause', 'go'];
    let paused = 0;
    const order = (): Promise<TrainingOrder> => Promise.resolve(orders.shift() ?? 'go');
    const keep = (state: RunState) => Promise.resolve(void kept.push(state));
    const host = quiet({ order, keep, paused: () => void paused++ });
    expect((await train(new Slope(), plan, host)).state.step).toBe(40);
    expect([paused, kept.map(({ step }) => step)]).toEqual([1, [2]]);
  });

  it('is heard to be cancelled', async () => {
    const abort = new AbortController();
    const stepped = ({ step }: RunState) => void (step === 3 && abort.abort());
    await expect(train(new Slope(), plan, quiet({ signal: abort.signal, stepped }))).rejects.toMatchObject({ code: 'CANCELLED' });
  }); // prettier-ignore

  it('goes on from a checkpoint to the very end that it would have had', async () => {
    const whole = await train(new Slope(), plan, quiet());
    let file: Uint8Array | undefined;
    const keep: TrainHost['keep'] = async (state, learner, best) => {
      file ??= encodeCheckpoint('this run', { state, learner, best });
    };
    await train(new Slope(), { ...plan, steps: 40 }, quiet({ keep, wantsToKeep: () => true }));
    const resumed = decodeCheckpoint(file!, 'this run')!;
    expect(resumed.state.step).toBe(2);
    const rest = await train(new Slope(), plan, quiet(), resumed);
    expect(rest.best[0]).toBeCloseTo(whole.best[0]!, 5);
    expect(rest.state.heldOut.map(({ step }) => step)).toEqual(whole.state.heldOut.map(({ step }) => step));
  });
});

describe('a checkpoint', () => {
  it('is of no use to other runs, or damaged', async () => {
    const slope = new Slope();
    const { state, best } = await train(slope, { ...plan, steps: 4 }, quiet());
    const file = encodeCheckpoint('this run', { state, learner: await slope.save(), best });
    expect(decodeCheckpoint(file, 'this run')).toEqual({ state, learner: await slope.save(), best });
    expect(decodeCheckpoint(file, 'another run')).toBeUndefined();
    expect(decodeCheckpoint(file.subarray(0, -5), 'this run')).toBeUndefined();
    expect(decodeCheckpoint(new Uint8Array(3), 'this run')).toBeUndefined();
    const damaged = Uint8Array.from(file, (byte, at) => (at === 90 ? byte ^ 1 : byte));
    expect(decodeCheckpoint(damaged, 'this run')).toBeUndefined();
  });
});
