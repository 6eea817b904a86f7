import { describe, expect, it } from 'vitest';
import { niceTicks } from '../../../../main/engine/report/charts.ts';
import { paretoFront } from '../../../../main/engine/report/pareto.ts';
import { renderReport } from '../../../../main/engine/report/render-report.ts';
import type { ReportInput, ReportPoint, ReportTrial } from '../../../../main/engine/report/report-input.ts';
import { numberRows } from '../../../../main/engine/report/rows.ts';

const top1 = (value: number) => ({ value, low: value - 0.01, high: value + 0.01 });

const trial = (given: Partial<ReportTrial> = {}): ReportTrial => ({
  name: 'int8',
  bytes: 1_000_000,
  parameters: 200_000,
  sparsity: 0.3,
  macs: 40_000_000,
  latency: { runs: 100, meanMs: 2.1, p50Ms: 2, p90Ms: 2.5, p99Ms: 3, stdMs: 0.1 },
  evaluation: {
    samples: 1000,
    metrics: { top1: top1(0.9) },
    agreement: { value: 0.98, low: 0.97, high: 0.99 },
    sqnrDb: 25,
    cosine: 0.999,
    preprocessing: 'x/255',
  },
  ...given,
});

const point = (name: string, latencyMs: number, accuracy: number, given: Partial<ReportPoint> = {}): ReportPoint => ({
  name,
  latencyMs,
  accuracy: top1(accuracy),
  kind: 'other',
  measured: true,
  ...given,
});

const input = (given: Partial<ReportInput> = {}): ReportInput => ({
  at: Date.UTC(2026, 0, 31, 12),
  version: '0.1.0',
  model: {
    name: 'net.onnx',
    sha256: 'ab12',
    producer: 'pytorch',
    opsets: { '': 17 },
    nodes: 3,
    operators: { Conv: 2, Relu: 1 },
  },
  trial: trial(),
  baseline: trial({
    name: 'baseline',
    bytes: 4_000_000,
    latency: { runs: 100, meanMs: 4, p50Ms: 4, p90Ms: 5, p99Ms: 6, stdMs: 0.1 },
    evaluation: { ...trial().evaluation!, metrics: { top1: top1(0.95) } },
  }),
  recipe: { version: 1, steps: [{ quantize: { scheme: 'int8-static' } }] },
  machine: {
    cpu: 'Some CPU',
    cores: 2,
    threads: 2,
    os: 'Linux',
    node: '24',
    onnxruntime: '1.30',
    provider: 'cpu',
    vnni: false,
  },
  settings: { batch: 1, dims: {} },
  data: { name: 'test.npz', samples: 1000 },
  layers: [
    { name: '/conv1/Conv', op: 'Conv', timeMs: 1.5, baselineTimeMs: 3, sparsity: 0.5, quantized: true, sqnrDb: 30 },
    { name: '/relu/Relu', op: 'Relu', timeMs: 0.5, baselineTimeMs: 0.5, sparsity: null, quantized: null, sqnrDb: null },
  ],
  points: [point('baseline', 4, 0.95, { kind: 'baseline' }), point('int8', 2, 0.9, { kind: 'this' })],
  commands: ['lapidary apply net.onnx -o out.onnx --recipe recipe.json'],
  notes: [],
  ...given,
});

const rowOf = (given: ReportInput, metric: string) => numberRows(given).find((row) => row.metric === metric);

describe('numberRows', () => {
  it('says how much faster, smaller and less accurate the trial is', () => {
    expect(rowOf(input(), 'Latency p50')!.change).toBe('2× faster');
    expect(rowOf(input(), 'File')!.change).toBe('4× smaller');
    expect(rowOf(input(), 'Top-1 accuracy')!.change).toBe('−5.00 points');
  });

  it('says when a difference lies within the intervals', () => {
    const close = input({ trial: trial({ evaluation: { ...trial().evaluation!, metrics: { top1: top1(0.945) } } }) });
    expect(rowOf(close, 'Top-1 accuracy')!.change).toBe('−0.50 points (intervals overlap)');
  });

  it('marks predictions', () => {
    const row = rowOf(input({ trial: trial({ predicted: ['latency'] }) }), 'Latency p50')!;
    expect(row).toMatchObject({ source: 'predicted', trial: '≈ 2 ms ± 0.1 ms (100 runs)' });
    expect(rowOf(input(), 'Latency p50')!.source).toBe('measured');
    expect(rowOf(input(), 'File')!.source).toBe('counted');
  });

  it('leaves out what nobody measured', () => {
    expect(rowOf(input({ trial: trial({ latency: null }) }), 'Latency p50')).toBeUndefined();
  });
});

describe('renderReport as HTML', () => {
  it('loads nothing from elsewhere and runs no script', () => {
    const html = renderReport(input(), 'html');
    expect(html).not.toMatch(/<script|src=|href=|url\(|@import/i);
    expect(html).toContain("default-src 'none'");
  });

  it('escapes names that look like HTML, in tables and charts', () => {
    const evil = '<img src=x onerror=alert(1)>&"';
    const html = renderReport(
      input({
        trial: trial({ name: evil }),
        layers: [{ ...input().layers[0]!, name: evil }],
        points: [point(evil, 1, 0.9, { kind: 'this' })],
        notes: [evil],
        commands: [evil],
        recipe: { note: evil },
      }),
      'html',
    );
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&amp;&quot;');
  });

  it('draws predicted points hollow', () => {
    const html = renderReport(input({ points: [point('guess', 1, 0.9, { measured: false })] }), 'html');
    expect(html).toContain('class="point other predicted"');
  });

  it('follows the theme of the reader', () => {
    expect(renderReport(input(), 'html')).toContain('@media (prefers-color-scheme:dark)');
  });

  it('is the same text for the same input', () => {
    expect(renderReport(input(), 'html')).toBe(renderReport(input(), 'html'));
  });

  it('stands without measurements, layers and points', () => {
    const bare = trial({ bytes: null, parameters: null, sparsity: null, macs: null, latency: null, evaluation: null });
    const html = renderReport(
      input({ trial: bare, baseline: null, layers: [], points: [], machine: null, data: null }),
      'html',
    );
    expect(html).toContain('Nothing was measured yet.');
    expect(html).not.toMatch(/NaN|undefined|<svg/);
  });
});

describe('renderReport as Markdown', () => {
  it('holds the numbers, the layers, the recipe and the commands', () => {
    const text = renderReport(input(), 'markdown');
    expect(text).toContain(
      '| Latency p50 | 2 ms ± 0.1 ms (100 runs) | 4 ms ± 0.1 ms (100 runs) | 2× faster | measured |',
    );
    expect(text).toContain('| /conv1/Conv | Conv | 1.5 ms | 3 ms | 50 % | yes | 30 dB |');
    expect(text).toContain('"scheme": "int8-static"');
    expect(text).toContain('lapidary apply net.onnx -o out.onnx --recipe recipe.json');
  });

  it('keeps pipes and line breaks in names from breaking the tables', () => {
    const text = renderReport(input({ layers: [{ ...input().layers[0]!, name: 'a|b\nc' }] }), 'markdown');
    expect(text).toContain(String.raw`| a\|b c | Conv |`);
  });
});

describe('paretoFront', () => {
  it('holds what no other measured point beats in both', () => {
    const points = [point('slow', 4, 0.9), point('best', 4, 0.95), point('fast', 1, 0.8), point('bad', 2, 0.7)];
    expect(paretoFront(points).map(({ name }) => name)).toEqual(['fast', 'best']);
  });

  it('leaves predictions out', () => {
    expect(
      paretoFront([point('guess', 1, 0.99, { measured: false }), point('real', 2, 0.9)]).map(({ name }) => name),
    ).toEqual(['real']);
  });
});

describe('numbers', () => {
  it('have ticks at round steps', () => {
    expect(niceTicks(0.3, 4.2, 5)).toEqual([1, 2, 3, 4]);
    expect(niceTicks(5, 5, 5)).toEqual([5]);
  });
});
