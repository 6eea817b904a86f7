import { describe, expect, it } from 'vitest';
import { allocateUniform } from '../../../../main/judge/predict/allocate.ts';
import {
  fitLatency,
  predictWidths,
  RunningLatency,
  type TimedWidths,
} from '../../../../main/judge/predict/width-latency.ts';
import type { WidthModel } from '../../../../main/judge/predict/widths.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';

/** Two layers: a gives 64 channels of 3, b takes them and gives 32. */
const PAIR: WidthModel = {
  groups: [
    { name: 'a', kind: 'channel', atoms: 64, each: 1, layers: ['a'] },
    { name: 'b', kind: 'channel', atoms: 32, each: 1, layers: ['b'] },
  ],
  axes: [
    { fixed: 0, parts: [{ group: 0, each: 1 }] },
    { fixed: 0, parts: [{ group: 1, each: 1 }] },
  ],
  tensors: [
    { axes: [0], elements: 27, bytesEach: 4, isParameter: true },
    { axes: [0, 1], elements: 9, bytesEach: 4, isParameter: true },
  ],
  layers: [
    { name: 'a', op: 'Conv', macs: 1000, tensors: [0], axes: [0], inputAxes: [] },
    { name: 'b', op: 'Conv', macs: 9000, tensors: [1], axes: [1], inputAxes: [0] },
  ],
};

const up = (width: number, block: number): number => Math.ceil(width / block) * block;

/** Kernels that work in blocks: 0.1 + 0.4·w/64 ms, and 0.2 + 3·w·v/(64·32) ms; the model takes 1.5 times as long, and 0.3 ms. */
function timeOf([w, v]: readonly number[], block: number): { total: number; layers: number[] } {
  const [a, b] = [up(w!, block) / 64, up(v!, block) / 32];
  const layers = [0.1 + 0.4 * a, 0.2 + 3 * a * b];
  return { total: 0.3 + 1.5 * (layers[0]! + layers[1]!), layers };
}

function timed(block: number, count: number): TimedWidths[] {
  const random = seededRandom(3);
  const full = timeOf([64, 32], block).total;
  return Array.from({ length: count }, (_, at) => {
    const kept = at === 0 ? [64, 32] : [8 * (1 + Math.floor(random() * 8)), 8 * (1 + Math.floor(random() * 4))];
    const { total, layers } = timeOf(kept, block);
    return { kept, ratio: total / full, layerMs: layers };
  });
}

describe('fitLatency', () => {
  it.each([1, 16])('predicts widths that were not timed, of kernels that work in blocks of %i', (block) => {
    const model = fitLatency(PAIR, timeOf([64, 32], block).total, timed(block, 16));
    for (const kept of [
      [64, 32],
      [40, 24],
      [24, 8],
      [8, 16],
    ]) {
      expect(predictWidths(model, kept).value).toBeCloseTo(timeOf(kept, block).total, 2);
    }
  });

  it('finds the block, so that widths between two steps gain nothing', () => {
    const model = fitLatency(PAIR, timeOf([64, 32], 16).total, timed(16, 16));
    expect(model.block).toBe(16);
    expect(predictWidths(model, [40, 32]).value).toBeCloseTo(predictWidths(model, [48, 32]).value, 6);
  });

  it('is the measured time at full width, and its band as wide as what was measured around it', () => {
    const noisy = timed(8, 16).map((one, at) => ({ ...one, ratio: one.ratio + (at % 2 === 0 ? 0.02 : -0.02) }));
    const model = fitLatency(PAIR, 5, noisy);
    const { value, low, high } = predictWidths(model, [64, 32]);
    expect(value).toBe(5);
    expect((high - low) / 4 / 5).toBeGreaterThan(0.015);
    expect((high - low) / 4 / 5).toBeLessThan(0.025);
  });

  it('lets a target of latency be met', () => {
    const latency = fitLatency(PAIR, timeOf([64, 32], 8).total, timed(8, 16));
    const rules = { align: 8, minimum: 8, widths: {}, frozen: new Set<string>() };
    const kept = allocateUniform(PAIR, { measure: 'latency', keep: 0.6, latency }, rules);
    const share = timeOf([...kept], 8).total / timeOf([64, 32], 8).total;
    expect(share).toBeLessThanOrEqual(0.605);
    expect(share).toBeGreaterThan(0.4);
  });
});

describe('RunningLatency', () => {
  it('is what is predicted for the widths that it came to, whatever way it went', () => {
    const model = fitLatency(PAIR, timeOf([64, 32], 16).total, timed(16, 16));
    const running = new RunningLatency(model, [64, 32]);
    const kept = [64, 32];
    for (const [group, width] of [
      [0, 8],
      [1, 20],
      [0, 40],
      [0, 40],
      [1, 32],
    ] as const) {
      kept[group] = width;
      running.set(group, width);
      expect(running.share).toBeCloseTo(predictWidths(model, kept).value / model.fullMs, 10);
    }
  });
});
