import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../../main/engine/report/render-report.ts';
import type { ReportInput, ReportPoint } from '../../../../main/engine/report/report-input.ts';
import { numberRows } from '../../../../main/engine/report/rows.ts';
import type { MetricComparison } from '../../../../main/judge/comparison.ts';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { someMeasurement, somePair } from '../../../support/measured.ts';

const point = (name: string, latencyMs: number, accuracy: number, given: Partial<ReportPoint> = {}): ReportPoint => ({
  name,
  latency: { value: latencyMs, low: latencyMs - 0.1, high: latencyMs + 0.1 },
  accuracy: { value: accuracy, low: accuracy - 0.01, high: accuracy + 0.01 },
  kind: 'other',
  onFront: false,
  ...given,
});

const latencyRow = (given: Partial<MetricComparison> = {}): MetricComparison => ({
  metric: metricOf('latency'),
  a: someMeasurement({ value: 4, low: 3.9, high: 4.1 }),
  b: someMeasurement({ value: 2, low: 1.9, high: 2.1 }),
  paired: somePair({ value: 0.5, low: 0.48, high: 0.52 }),
  verdict: 'better',
  note: null,
  circumstances: '2 threads, batch 1, cpu',
  ...given,
});

const sizeRow: MetricComparison = {
  metric: metricOf('bytes'),
  a: 4_194_304,
  b: 1_048_576,
  paired: null,
  verdict: 'better',
  note: null,
  circumstances: null,
};

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
  trial: { name: 'int8' },
  baseline: { name: 'baseline' },
  numbers: [latencyRow(), sizeRow],
  recipe: { version: 2, steps: [{ quantize: { scheme: 'int8-static' } }] },
  target: someMeasurement().target,
  circumstances: ['2 threads, batch 1, cpu'],
  preprocessing: 'x/255',
  layers: [
    { name: '/conv1/Conv', op: 'Conv', timeMs: 1.5, baselineTimeMs: 3, sparsity: 0.5, quantized: true, sqnrDb: 30 },
    { name: '/relu/Relu', op: 'Relu', timeMs: 0.5, baselineTimeMs: 0.5, sparsity: null, quantized: null, sqnrDb: null },
  ],
  points: [
    point('baseline', 4, 0.95, { kind: 'baseline', onFront: true }),
    point('int8', 2, 0.9, { kind: 'this', onFront: true }),
  ],
  commands: ['lapidary apply net.onnx -o out.onnx --recipe recipe.json'],
  notes: [],
  ...given,
});

const rowOf = (given: Partial<MetricComparison>) => numberRows({ numbers: [latencyRow(given)] })[0];

describe('numberRows', () => {
  it('says how much faster the trial is, with the intervals and what they rest on', () => {
    expect(rowOf({})).toEqual({
      metric: 'Latency (p50)',
      trial: '2 ms [1.9 ms, 2.1 ms] (100 runs)',
      baseline: '4 ms [3.9 ms, 4.1 ms] (100 runs)',
      change: 'faster: 0.5× [0.48, 0.52]',
      source: 'measured',
    });
  });

  it('says that nothing can be told where the ratio may be 1, however far apart the values look', () => {
    const paired = somePair({ value: 0.93, low: 0.1, high: 10 });
    expect(rowOf({ paired, verdict: 'cannot-tell', note: 'within the noise' })?.change).toBe(
      'cannot tell: 0.93× [0.1, 10] (within the noise)',
    );
  });

  it('compares nothing that was measured under other circumstances', () => {
    const note = 'not measured alike: 2 threads, batch 1, cpu against 1 thread, batch 16, cpu';
    expect(rowOf({ paired: null, verdict: null, note })?.change).toBe(`(${note})`);
  });

  it('compares what is counted exactly', () => {
    expect(numberRows({ numbers: [sizeRow] })[0]).toMatchObject({ change: '4× smaller', source: 'counted' });
  });

  it('leaves out what nobody measured', () => {
    expect(rowOf({ b: null })).toBeUndefined();
  });
});

describe('renderReport as HTML', () => {
  it('puts what a number was measured on below it, so that the verdicts stay on the page', () => {
    expect(renderReport(input(), 'html')).toContain('<b>2 ms [1.9 ms, 2.1 ms]<small>100 runs</small></b>');
  });

  it('loads nothing from elsewhere and runs no script', () => {
    const html = renderReport(input(), 'html');
    expect(html).not.toMatch(/<script|src=|href=|url\(|@import/i);
    expect(html).toContain("default-src 'none'");
  });

  it('escapes names that look like HTML, in tables and charts', () => {
    const evil = '<img src=x onerror=alert(1)>&"';
    const html = renderReport(
      input({
        trial: { name: evil },
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

  it('draws the front as a step from one point that is on it to the next, and through none other', () => {
    const two = [point('a', 1, 0.8, { onFront: true }), point('b', 2, 0.7), point('c', 3, 0.9, { onFront: true })];
    const [, front] = /<polyline class="front" points="([^"]*)"/.exec(renderReport(input({ points: two }), 'html'))!;
    expect(front!.split(' ')).toHaveLength(3);
  });

  it('follows the theme of the reader', () => {
    expect(renderReport(input(), 'html')).toContain('@media (prefers-color-scheme:dark)');
  });

  it('is the same text for the same input', () => {
    expect(renderReport(input(), 'html')).toBe(renderReport(input(), 'html'));
  });

  it('stands without measurements, layers and points', () => {
    const html = renderReport(
      input({
        numbers: [],
        baseline: null,
        layers: [],
        points: [],
        target: null,
        circumstances: [],
        preprocessing: null,
      }),
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
      String.raw`| Latency (p50) | 2 ms \[1.9 ms, 2.1 ms\] (100 runs) | 4 ms \[3.9 ms, 4.1 ms\] (100 runs) | faster: 0.5× \[0.48, 0.52\] | measured |`,
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
