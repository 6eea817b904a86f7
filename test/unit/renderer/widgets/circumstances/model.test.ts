import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../../../../main/contract/measurement.ts';
import type { Trial } from '../../../../../main/contract/studio.ts';
import { circumstancesKey } from '../../../../../main/judge/circumstances.ts';
import {
  choicesOf,
  groundFor,
  measureOrder,
  missingUnder,
} from '../../../../../renderer/widgets/circumstances/model.ts';
import type { MeasureOrder } from '../../../../../renderer/widgets/circumstances/model.ts';

const MACHINE = { cpu: 'Xeon', onnxruntime: '1.30.0' };

function latency(threads: number, batch: number, value: number): Measurement {
  return {
    metric: 'latency',
    value,
    low: value,
    high: value,
    samples: 100,
    target: { ...MACHINE, cores: 2, os: 'linux', provider: 'cpu', vnni: true },
    settings: { threads, batch, dims: { sequence: 8 }, turns: true },
    data: null,
    at: threads * 100 + batch,
    software: 'Lapidary',
    recorded: true,
  };
}

function accuracy(samples: number): Measurement {
  return {
    ...latency(2, 1, 0.9),
    metric: 'top1',
    // An evaluation chooses its batch, and keeps the dimensions that it was given.
    settings: { threads: 2, batch: 32, dims: {}, turns: false },
    data: {
      datasetId: 'digits',
      fingerprint: 'f',
      name: 'digits',
      split: { part: 'evaluation', seed: 0, share: 0.2 },
      preprocessing: { resize: null, mean: [], std: [], scale: null, channels: 'auto', layout: 'auto', labelOffset: 0 },
      samples,
    },
  };
}

function trial(id: string, ...measurements: readonly Measurement[]): Trial {
  return { id, status: 'done', measurements } as unknown as Trial;
}

const BASE = trial('base', latency(2, 1, 0.5), latency(1, 16, 13.7), accuracy(800));
const INT8 = trial('int8', latency(2, 1, 0.3));
const TRIALS = [BASE, INT8];
const AT_16 = circumstancesKey(latency(1, 16, 0));
const AT_1 = circumstancesKey(latency(2, 1, 0));
const FREE = { run: null, data: null };

describe('what trials are compared under', () => {
  it('starts where most trials were measured', () => {
    expect(groundFor(TRIALS, FREE)('latency').key).toBe(AT_1);
    expect(choicesOf(TRIALS, 'latency').map(({ trialIds }) => trialIds)).toEqual([['base', 'int8'], ['base']]);
  });

  it('is what was chosen while anything was measured there', () => {
    expect(groundFor(TRIALS, { ...FREE, run: AT_16 })('latency').key).toBe(AT_16);
    expect(groundFor([INT8], { ...FREE, run: AT_16 })('latency').key).toBe(AT_1);
    expect(groundFor(TRIALS, FREE)('bytes').key).toBeNull();
  });

  it('tells which trials have no number there', () => {
    const ground = groundFor(TRIALS, { ...FREE, run: AT_16 });
    expect(missingUnder(TRIALS, ground('latency'))).toEqual([INT8]);
    expect(missingUnder(TRIALS, ground('top1'))).toEqual([INT8]);
    expect(missingUnder(TRIALS, ground('bytes'))).toEqual([]);
    expect(missingUnder([{ ...INT8, status: 'failed' }], ground('latency'))).toEqual([]);
  });
});

describe('measuring them', () => {
  const orderAt = (run: string, machine = MACHINE): MeasureOrder | null => {
    const ground = groundFor(TRIALS, { ...FREE, run });
    return measureOrder(TRIALS, { latency: ground('latency'), benefit: ground('top1') }, machine);
  };

  it('asks for what is missing only, each under the settings of its own ground', () => {
    const evaluation = {
      trialIds: ['int8'],
      settings: { provider: 'cpu', threads: 2, batch: 32, dims: {} },
      latency: false,
      evaluation: { datasetId: 'digits', split: { part: 'evaluation', seed: 0, share: 0.2 }, limit: 800 },
    };
    const timing = {
      trialIds: ['int8'],
      settings: { provider: 'cpu', threads: 1, batch: 16, dims: { sequence: 8 } },
      latency: true,
      evaluation: null,
    };
    expect(orderAt(AT_16)).toEqual({ problem: null, calls: [timing, evaluation] });
    expect(orderAt(AT_1)).toEqual({ problem: null, calls: [evaluation] });
  });

  it('cannot be done for another machine', () => {
    expect(orderAt(AT_16, { ...MACHINE, cpu: 'M4' })?.problem).toContain('Xeon');
  });

  it('is not offered where nothing is missing', () => {
    const ground = groundFor([BASE], FREE);
    expect(measureOrder([BASE], { latency: ground('latency'), benefit: ground('top1') }, MACHINE)).toBeNull();
  });
});
