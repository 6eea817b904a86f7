import type { Circumstances, Measurement, Outcomes } from '../contract/measurement.ts';
import type { Evaluation, Latency, Profile } from '../contract/results.ts';
import type { MetricId } from '../judge/metrics.ts';

/** What all numbers of one measurement share. */
export interface MeasuredAt {
  /** Absent where there is no workspace. */
  readonly trialId?: string;
  readonly circumstances: Circumstances;
  readonly software: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** What is kept with every measurement: "Lapidary 0.1.0, ONNX Runtime 1.30.0". @param version of Lapidary */
export function softwareOf(version: string, { onnxruntime }: { readonly onnxruntime: string }): string {
  return `Lapidary ${version}, ONNX Runtime ${onnxruntime}`;
}

interface Numbers {
  readonly value: number;
  readonly low?: number | null;
  readonly high?: number | null;
}

function measurement(
  metric: MetricId,
  { value, low = null, high = null }: Numbers,
  { samples, measured }: { readonly samples: number; readonly measured: MeasuredAt },
): Measurement {
  const { circumstances, ...rest } = measured;
  return { metric, value, low, high, samples, ...circumstances, ...rest, recorded: true };
}

/** The rows of a timing: the median with its 95 % interval, and the slow runs. */
export function latencyMeasurements(latency: Latency, measured: MeasuredAt): Measurement[] {
  const from = { samples: latency.runs, measured };
  const { p50Ms, p50LowMs = null, p50HighMs = null, p90Ms, p99Ms } = latency;
  return [
    measurement('latency', { value: p50Ms, low: p50LowMs, high: p50HighMs }, from),
    measurement('latencyP90', { value: p90Ms }, from),
    measurement('latencyP99', { value: p99Ms }, from),
  ];
}

/** The rows of a profile: its timing, and the memory. */
export function profileMeasurements({ latency, memory }: Profile, measured: MeasuredAt): Measurement[] {
  const from = { samples: latency.runs, measured };
  return [...latencyMeasurements(latency, measured), measurement('memory', { value: memory.peakBytes }, from)];
}

function accuracyMeasurements(metrics: Evaluation['metrics'], samples: number, measured: MeasuredAt): Measurement[] {
  return (['top1', 'top5'] as const).flatMap((id) => {
    const share = metrics[id];
    return share === undefined ? [] : [measurement(id, share, { samples, measured })];
  });
}

/** The rows of an evaluation: accuracy with its 95 % interval, and likeness to the reference. */
export function evaluationMeasurements(evaluation: Evaluation, measured: MeasuredAt): Measurement[] {
  const { metrics, agreement, sqnrDb, cosine, samples } = evaluation;
  const from = { samples, measured };
  return [
    ...accuracyMeasurements(metrics, samples, measured),
    ...(agreement === null ? [] : [measurement('agreement', agreement, from)]),
    ...(sqnrDb === null ? [] : [measurement('sqnr', { value: sqnrDb }, from)]),
    ...(cosine === null ? [] : [measurement('cosine', { value: cosine }, from)]),
  ];
}

/** The rows of a baseline: its accuracy, and that it is like itself. */
export function baselineMeasurements(
  metrics: Evaluation['metrics'],
  { samples, predicted }: Outcomes,
  measured: MeasuredAt,
): Measurement[] {
  const itself = { value: 1, low: 1, high: 1 };
  return [
    ...accuracyMeasurements(metrics, samples, measured),
    ...(predicted === null ? [] : [measurement('agreement', itself, { samples, measured })]),
    measurement('cosine', itself, { samples, measured }),
  ];
}
