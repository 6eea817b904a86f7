import type { Measurement } from '../../../../main/contract/measurement.ts';
import { someCircumstances, someData, someMeasurement } from '../../../support/measured.ts';
import { encodeMagnitudes } from '../../../../main/judge/predict/magnitudes.ts';
import type { Machine } from '../../../../main/contract/machine.ts';
import type { EvaluationSummary } from '../../../../main/contract/results.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import type { Recipe } from '../../../../main/contract/recipe/recipe.ts';
import { channelStep, pruneStep } from '../../../support/recipes.ts';
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import type { PrunePlan, Trial } from '../../../../main/contract/studio.ts';

/** A layer's histogram from weights and Σw² by bin. */
export function histogramOf(counts: readonly number[], energies: readonly number[], edges: Float64Array): Uint8Array {
  return encodeMagnitudes({ counts: Uint32Array.from(counts), energies: Float64Array.from(energies) }, edges);
}

/**
 * A plan of two layers on the edges 0, 1, 2, 4. "small" has weights 1,1,1,1 (as |w| ≤ 1) and "large" 2,2,4,4; each layer
 * does 100 MACs.
 */
export function twoLayerPlan(): PrunePlan {
  const edges = Float64Array.from([0, 1, 2, 4]);
  return {
    edges,
    layers: [
      {
        name: 'small',
        op: 'Conv',
        weights: 4,
        macs: 100,
        inputs: 4,
        readable: true,
        histogram: histogramOf([0, 4, 0, 0], [0, 4, 0, 0], edges),
      },
      {
        name: 'large',
        op: 'Gemm',
        weights: 4,
        macs: 100,
        inputs: 4,
        readable: true,
        histogram: histogramOf([0, 0, 2, 2], [0, 0, 8, 32], edges),
      },
    ],
    frozen: [{ name: 'shared', reason: 'two layers use its weights' }],
  };
}

/**
 * x[2] → a: 3 units → head: 1, no biases: 6 + 3 = 9 weights, as many multiply–accumulates, 36 bytes. Norms of the units are
 * 1, 3 and 2; the head stays.
 */
export function threeUnitPlan(): ChannelPlan {
  const units = { fixed: 0, parts: [{ group: 0, each: 1 }] };
  return {
    shapes: 'three units',
    widths: {
      groups: [{ name: 'a', kind: 'unit', atoms: 3, each: 1, layers: ['a'] }],
      axes: [units],
      tensors: [
        { axes: [0], elements: 2, bytesEach: 4, isParameter: true },
        { axes: [0], elements: 1, bytesEach: 4, isParameter: true },
      ],
      layers: [
        { name: 'a', op: 'Gemm', macs: 6, tensors: [0], axes: [0], inputAxes: [] },
        { name: 'head', op: 'Gemm', macs: 3, tensors: [1], axes: [], inputAxes: [0] },
      ],
    },
    groups: [
      {
        consumers: ['head'],
        scores: {
          l2: Float64Array.of(1, 3, 2),
          l1: Float64Array.of(5, 3, 2),
          'bn-gamma': null,
          fpgm: null,
        },
      },
    ],
    layers: [{ name: 'a', op: 'Gemm', channels: units }],
    frozen: [{ name: 'head', reason: "'y' is an output of the model" }],
  };
}

export const MACHINE: Machine = {
  cpu: 'test',
  cores: 2,
  threads: 2,
  os: 'test',
  node: '24',
  onnxruntime: '1.30',
  provider: 'cpu',
  vnni: false,
};

export function evaluation(top1: number, half = 0.01): EvaluationSummary {
  return {
    samples: 500,
    metrics: { top1: { value: top1, low: top1 - half, high: top1 + half } },
    samplesPerSecond: 1000,
    batch: 1,
    classCount: 10,
    agreement: null,
    sqnrDb: null,
    cosine: null,
    preprocessing: 'x/255',
    notes: [],
  };
}

/** Measurements as the results of a trial say them, all under the same circumstances. */
function measured(trialId: string, { evaluation, latency }: Partial<Trial>): Measurement[] {
  const data = someData({ samples: 500 });
  return [
    ...(latency ? [someMeasurement({ trialId, value: latency.p50Ms, low: latency.minMs, high: latency.p90Ms })] : []),
    ...Object.entries({ ...evaluation?.metrics, agreement: evaluation?.agreement ?? undefined }).flatMap(
      ([metric, share]) =>
        share ? [someMeasurement({ trialId, metric, ...share, samples: 500, ...someCircumstances({ data }) })] : [],
    ),
    ...(evaluation?.cosine
      ? [someMeasurement({ trialId, metric: 'cosine', value: evaluation.cosine, ...someCircumstances({ data }) })]
      : []),
  ];
}

export function trial(id: string, recipe: Recipe, more: Partial<Trial> = {}): Trial {
  return {
    id,
    modelId: 'm',
    name: id,
    recipe,
    baseline: recipe.steps.length === 0,
    createdAt: 0,
    status: 'done',
    error: null,
    bytes: 1000,
    parameters: 10,
    sparsity: null,
    macs: 200,
    latency: null,
    evaluation: null,
    measurements: measured(id, more),
    pairs: [],
    calibration: null,
    prune: null,
    quantize: null,
    hasProfile: false,
    hasErrors: false,
    ...more,
  };
}

export const BASELINE: Recipe = { version: 2, steps: [] };

export function pruned(sparsity: number): Recipe {
  return {
    version: 2,
    steps: [{ prune: pruneStep({ sparsity }) }],
  };
}

/** Whole channels, to this share of the MACs; any width. */
export function narrowed(macs: number, settings: Readonly<Record<string, unknown>> = {}): Recipe {
  const step = channelStep({ target: { macs }, align: 1, minimum: 1, ...settings });
  return { version: 2, steps: [{ prune: step }] };
}

export function int8(reduceRange: boolean | 'auto' = 'auto', exclude: string[] = []): Recipe {
  return {
    version: 2,
    steps: [
      {
        quantize: quantizeStepSchema.parse({ reduceRange, exclude }),
      },
    ],
  };
}

export function latency(p50Ms: number): NonNullable<Trial['latency']> {
  return {
    runs: 100,
    warmup: 5,
    meanMs: p50Ms,
    p50Ms,
    p90Ms: p50Ms * 1.1,
    p99Ms: p50Ms * 1.2,
    minMs: p50Ms * 0.9,
    maxMs: p50Ms * 2,
    stdMs: 0.1,
  };
}
