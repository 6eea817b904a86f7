import { describe, expect, it } from 'vitest';
import { layerTimes, mainLayer, type LayerFacts } from '../../../../main/engine/profile/layer-times.ts';
import { quantile, summarizeLatency } from '../../../../main/engine/profile/latency.ts';

const layers: readonly LayerFacts[] = [
  { name: 'conv', op: 'Conv', macs: 2e6 },
  { name: 'relu', op: 'Relu', macs: 0 },
  { name: 'add', op: 'Add', macs: 0 },
  { name: 'folded', op: 'Constant', macs: 0 },
];

describe('layerTimes', () => {
  it('gives a fused kernel to the layer with the most work, and lists the others without time', () => {
    const times = layerTimes(layers, [
      { name: 'k1', op: 'FusedConv', timeMs: 3, sources: ['relu', 'conv'] },
      { name: 'k2', op: 'Add', timeMs: 1, sources: ['add'] },
    ]);
    expect(times).toEqual([
      {
        name: 'conv',
        op: 'Conv',
        timeMs: 3,
        share: 0.75,
        kernels: ['k1'],
        fusedInto: null,
        macs: 2e6,
        gmacsPerSecond: 2 / 3,
      },
      {
        name: 'relu',
        op: 'Relu',
        timeMs: 0,
        share: 0,
        kernels: ['k1'],
        fusedInto: 'conv',
        macs: 0,
        gmacsPerSecond: null,
      },
      {
        name: 'add',
        op: 'Add',
        timeMs: 1,
        share: 0.25,
        kernels: ['k2'],
        fusedInto: null,
        macs: 0,
        gmacsPerSecond: null,
      },
      {
        name: 'folded',
        op: 'Constant',
        timeMs: 0,
        share: 0,
        kernels: [],
        fusedInto: null,
        macs: 0,
        gmacsPerSecond: null,
      },
    ]);
  });

  it('loses no time, however kernels and layers are related', () => {
    const times = layerTimes(layers, [
      { name: 'k1', op: 'Conv', timeMs: 3, sources: ['conv'] },
      { name: 'k2', op: 'ReorderInput', timeMs: 0.5, sources: ['conv'] },
      { name: 'k3', op: 'Add', timeMs: 1, sources: ['add', 'relu'] },
    ]);
    expect(times.reduce((sum, layer) => sum + layer.timeMs, 0)).toBe(4.5);
    expect(times[0]!.kernels).toEqual(['k1', 'k2']);
  });
});

describe('mainLayer', () => {
  const facts = new Map(
    [
      { name: 'dq', op: 'DequantizeLinear', macs: 0 },
      { name: 'add', op: 'Add', macs: 0 },
      { name: 'q', op: 'QuantizeLinear', macs: 0 },
      { name: 'mystery', op: 'Gelu', macs: null },
    ].map((layer) => [layer.name, layer]),
  );

  it('looks for the operator of the kernel where no work tells', () => {
    expect(mainLayer({ op: 'QLinearAdd', sources: ['q', 'dq', 'add'] }, facts)).toBe('add');
    expect(mainLayer({ op: 'QuantizeLinear', sources: ['q', 'mystery'] }, facts)).toBe('q');
  });

  it('prefers what computes, and knows nothing of kernels without sources', () => {
    expect(mainLayer({ op: 'Unknown', sources: ['q', 'mystery', 'dq'] }, facts)).toBe('mystery');
    expect(mainLayer({ op: 'Unknown', sources: [] }, facts)).toBeUndefined();
  });
});

describe('summarizeLatency', () => {
  it('computes quantiles, spread and a histogram', () => {
    const summary = summarizeLatency({ timesMs: new Float64Array([4, 1, 3, 2, 5]), warmup: 2 });
    expect(summary).toMatchObject({ runs: 5, warmup: 2, meanMs: 3, p50Ms: 3, p90Ms: 4.6, minMs: 1, maxMs: 5 });
    expect(summary.stdMs).toBeCloseTo(Math.SQRT2);
    expect(summary.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(summary.histogram.counts[0]).toBe(1);
    expect(summary.histogram.counts.at(-1)).toBe(1);
  });

  it('copes with one run', () => {
    expect(summarizeLatency({ timesMs: new Float64Array([7]), warmup: 0 })).toMatchObject({
      p50Ms: 7,
      p99Ms: 7,
      stdMs: 0,
    });
  });

  it('interpolates between neighbours', () => {
    expect(quantile([1, 2, 4], 0.75)).toBe(3);
  });
});
