/** Everything that a report says, as plain data. Trials of the studio fit as they are. */
import type { Target } from '../../contract/measurement.ts';
import type { MetricComparison } from '../../judge/comparison.ts';
import type { Estimate } from '../../judge/statistics/interval.ts';

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

/** A measured trial in the trade-off picture. */
export interface ReportPoint {
  readonly name: string;
  /** Milliseconds. */
  readonly latency: Estimate;
  /** Accuracy, or agreement where there are no labels; 0…1. */
  readonly accuracy: Estimate;
  readonly kind: 'baseline' | 'this' | 'other';
  /** No other surely beats it, see `paretoFront` of the judge. */
  readonly onFront: boolean;
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
  readonly trial: { readonly name: string };
  /** null when the trial is the baseline itself. */
  readonly baseline: { readonly name: string } | null;
  /** The trial (b) against the baseline (a; nothing where the trial is the baseline), metric by metric. */
  readonly numbers: readonly MetricComparison[];
  /** The recipe as JSON. */
  readonly recipe: unknown;
  readonly target: Target | null;
  /** What the numbers and the points were measured under, in words. */
  readonly circumstances: readonly string[];
  /** How the data became the model's input; null where none was used. */
  readonly preprocessing: string | null;
  /** In the order of the model. */
  readonly layers: readonly ReportLayer[];
  readonly points: readonly ReportPoint[];
  /** Commands that make and measure the trial again. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}
