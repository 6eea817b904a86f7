/** Everything that a report says, as plain data. Trials of the studio fit as they are. */
import type { Machine } from '../../contract/machine.ts';

/** A value with its 95 % interval. */
export interface ReportMetric {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface ReportLatency {
  readonly runs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly stdMs: number;
}

export interface ReportEvaluation {
  readonly samples: number;
  readonly metrics: Readonly<Record<string, ReportMetric>>;
  /** Against the baseline's outputs. */
  readonly agreement: ReportMetric | null;
  readonly sqnrDb: number | null;
  readonly cosine: number | null;
  readonly preprocessing: string;
}

/** The numbers of a model; null where nothing is known. */
export interface ReportTrial {
  readonly name: string;
  /** Of the file with its external data. */
  readonly bytes: number | null;
  /** Non-zero ones. */
  readonly parameters: number | null;
  /** Zero share of the prunable weights, 0…1. */
  readonly sparsity: number | null;
  readonly macs: number | null;
  readonly latency: ReportLatency | null;
  readonly evaluation: ReportEvaluation | null;
  /** Of the metrics below, those that are predictions: "latency", "top1" … Left out: all were measured or counted. */
  readonly predicted?: readonly string[];
}

export interface ReportLayer {
  readonly name: string;
  readonly op: string;
  readonly timeMs: number | null;
  readonly baselineTimeMs: number | null;
  /** Zero share of its weights, 0…1. */
  readonly sparsity: number | null;
  /** Runs on integers; null: not said. */
  readonly quantized: boolean | null;
  /** Error of its output against the baseline's, accumulated over the model. */
  readonly sqnrDb: number | null;
}

/** A trial in the trade-off picture. */
export interface ReportPoint {
  readonly name: string;
  readonly latencyMs: number;
  /** Accuracy, or agreement where there are no labels. */
  readonly accuracy: ReportMetric;
  readonly kind: 'baseline' | 'this' | 'other';
  /** false: predicted, drawn hollow. */
  readonly measured: boolean;
}

export interface ReportInput {
  /** Milliseconds since 1970, of the measurements. */
  readonly at: number;
  /** Version of the studio. */
  readonly version: string;
  readonly model: {
    readonly name: string;
    readonly sha256: string;
    readonly producer: string;
    /** "ai.onnx" to version. */
    readonly opsets: Readonly<Record<string, number>>;
    readonly nodes: number;
    readonly operators: Readonly<Record<string, number>>;
  };
  readonly trial: ReportTrial;
  /** null when the trial is the baseline itself. */
  readonly baseline: ReportTrial | null;
  /** The recipe as JSON. */
  readonly recipe: unknown;
  readonly machine: Machine | null;
  readonly settings: { readonly batch: number; readonly dims: Readonly<Record<string, number>> };
  readonly data: { readonly name: string; readonly samples: number } | null;
  /** In the order of the model. */
  readonly layers: readonly ReportLayer[];
  readonly points: readonly ReportPoint[];
  /** Commands that make and measure the trial again. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}
