import type { Machine } from '../contract/machine.ts';
import type { Evaluation, Latency } from '../contract/results.ts';
import type { LedgerRow } from '../contract/studio.ts';

interface Circumstances {
  readonly machine: Machine;
  readonly software: string;
  readonly at: number;
}

/**
 * The ledger's rows for a timing: the median, with the middle of the distribution as its spread (p50 − σ … p90).
 */
export function latencyMeasurements(latency: Latency, { machine, software, at }: Circumstances): LedgerRow[] {
  return [
    {
      metric: 'latency',
      value: latency.p50Ms,
      unit: 'ms',
      low: latency.minMs,
      high: latency.p90Ms,
      samples: latency.runs,
      machine,
      at,
      software,
      datasetId: null,
    },
  ];
}

/** The ledger's rows for an evaluation: each metric with its 95 % interval, and agreement with the baseline. */
export function evaluationMeasurements(
  evaluation: Evaluation,
  datasetId: string,
  { machine, software, at }: Circumstances,
): LedgerRow[] {
  const common = { samples: evaluation.samples, machine, at, software, datasetId };
  const rows: LedgerRow[] = Object.entries(evaluation.metrics).map(([metric, { value, low, high }]) => ({
    metric,
    value,
    unit: '',
    low,
    high,
    ...common,
  }));
  if (evaluation.agreement !== null) rows.push({ metric: 'agreement', unit: '', ...evaluation.agreement, ...common });
  if (evaluation.sqnrDb !== null) {
    rows.push({ metric: 'sqnr', value: evaluation.sqnrDb, unit: 'dB', low: null, high: null, ...common });
  }
  return rows;
}
