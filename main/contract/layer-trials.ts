/** What the outputs lose when one layer alone is quantized: asked for, kept with the model, shown as a heat map. */
import { z } from 'zod';
import { splitSettingsSchema } from './data.ts';
import type { LayerPrecision } from './recipe/quantize-static.ts';

/** What is varied: schemes and how ranges are found, or bits. */
export const TRIED = ['schemes', 'bits'] as const;
export type Tried = (typeof TRIED)[number];

/** One way to quantize a layer: a column. */
export interface LayerWay {
  /** Unique: "int8/mse", "w4". */
  readonly key: string;
  readonly group: string;
  readonly title: string;
  readonly help: string;
  /** What a policy calls it; null: no recipe says it of a single layer. */
  readonly precision: LayerPrecision | null;
  /**
   * What rounds: codes with ranges from data, half precision, codes with ranges of each run, or weights alone in blocks of 32
   * inputs (matrix products only).
   */
  readonly by: 'codes' | 'half' | 'dynamic' | 'blocks';
  /** How ranges of activations are found. */
  readonly calibrator: 'minmax' | 'ema' | 'percentile' | 'entropy' | 'mse';
  /** Bits of weights and of activations; null: they stay float. */
  readonly weightBits: number | null;
  readonly activationBits: number | null;
}

const CALIBRATORS = [
  { calibrator: 'minmax', title: 'min–max', help: 'ranges that hold every value' },
  { calibrator: 'ema', title: 'average', help: 'the moving average of the batches’ extremes' },
  { calibrator: 'percentile', title: 'percentile', help: 'ranges that hold 99.999 % of the values' },
  { calibrator: 'entropy', title: 'entropy', help: 'ranges by the divergence of the histogram' },
  { calibrator: 'mse', title: 'least error', help: 'ranges whose codes come nearest to the values' },
] as const;

const SCHEMES: readonly LayerWay[] = [
  ...CALIBRATORS.map(({ calibrator, title, help }): LayerWay => ({
    key: `int8/${calibrator}`,
    group: 'int8',
    title,
    help: `8-bit weights and activations, ${help}.`,
    precision: 'int8',
    by: 'codes',
    calibrator,
    weightBits: 8,
    activationBits: 8,
  })),
  {
    key: 'int8-7bit/minmax',
    group: '7-bit weights',
    title: 'min–max',
    help: 'What CPUs without VNNI need; 8-bit activations.',
    precision: 'int8-7bit',
    by: 'codes',
    calibrator: 'minmax',
    weightBits: 7,
    activationBits: 8,
  },
  {
    key: 'int16/minmax',
    group: 'int16',
    title: 'min–max',
    help: '8-bit weights, 16-bit activations.',
    precision: 'int16',
    by: 'codes',
    calibrator: 'minmax',
    weightBits: 8,
    activationBits: 16,
  },
  {
    key: 'float16',
    group: 'float16',
    title: 'half',
    help: 'Weights and activations in half precision.',
    precision: null,
    by: 'half',
    calibrator: 'minmax',
    weightBits: 16,
    activationBits: 16,
  },
  {
    key: 'int8-dynamic',
    group: 'int8 dynamic',
    title: 'each run',
    help: '8-bit weights; what comes in has 8 bits, with the range of each run (here of 8 samples); what goes out stays float.',
    precision: null,
    by: 'dynamic',
    calibrator: 'minmax',
    weightBits: 8,
    activationBits: 8,
  },
  ...([8, 4, 2] as const).map((bits): LayerWay => ({
    key: `int${bits}-weight`,
    group: 'Weights alone',
    title: `${bits} bits`,
    help: `Its weights in ${bits} bits in blocks of 32 inputs with zero points, rounded to nearest; matrix products only.`,
    precision: null,
    by: 'blocks',
    calibrator: 'minmax',
    weightBits: bits,
    activationBits: null,
  })),
];

const BITS = [8, 7, 6, 5, 4, 3, 2] as const;

const WIDTHS: readonly LayerWay[] = [
  ...BITS.map((bits): LayerWay => ({
    key: `w${bits}`,
    group: 'Weights',
    title: `${bits} bits`,
    help: `Its weights in ${bits} bits, one scale for each channel, rounded to nearest; activations stay float.`,
    precision: null,
    by: 'codes',
    calibrator: 'minmax',
    weightBits: bits,
    activationBits: null,
  })),
  ...BITS.map((bits): LayerWay => ({
    key: `a${bits}`,
    group: 'Activations',
    title: `${bits} bits`,
    help: `What comes in and goes out in ${bits} bits, ranges of least error; weights stay float.`,
    precision: null,
    by: 'codes',
    calibrator: 'mse',
    weightBits: null,
    activationBits: bits,
  })),
];

/** The columns of each table. */
export const LAYER_WAYS: Readonly<Record<Tried, readonly LayerWay[]>> = { schemes: SCHEMES, bits: WIDTHS };

/** Samples at most: a difference between outputs shows on few. */
const MOST_SAMPLES = 64;

export const layerTrialsRequestSchema = z.object({
  modelId: z.string(),
  tried: z.enum(TRIED),
  calibrationDatasetId: z.string(),
  /** The data that accuracy is measured on: where it is the same set, that part is left out. */
  datasetId: z.string().nullable().default(null),
  split: splitSettingsSchema.prefault({}),
  limit: z.number().int().positive().max(MOST_SAMPLES).default(16),
});

const cellSchema = z.object({
  /** Distance of the outputs from the float model's; null: they held NaN. */
  loss: z.number().nullable(),
  /** Signal to noise of all float outputs together, dB. */
  sqnrDb: z.number().nullable(),
});

const rowSchema = z.object({
  layer: z.string(),
  op: z.string(),
  /** One for each way; null where the layer has nothing that it would change. */
  cells: z.array(cellSchema.nullable()),
});
export type LayerTrialRow = z.infer<typeof rowSchema>;

export const layerTrialsSchema = z.object({
  tried: z.enum(TRIED),
  /** Keys of the ways, as the columns stand. */
  ways: z.array(z.string()),
  /** What it was measured on, in words, and how to tell whether it is the same again. */
  data: z.object({ datasetId: z.string(), name: z.string(), key: z.string() }),
  samples: z.number(),
  /** divergence: KL of the softmax, in nats, mean over samples; error: squared error over the squared output. */
  measure: z.enum(['divergence', 'error']),
  /** In the order of the model. */
  rows: z.array(rowSchema),
  /** Layers that can be quantized: more than rows while it is measured, or when that was stopped. */
  layers: z.number(),
});
export type LayerTrials = z.infer<typeof layerTrialsSchema>;
