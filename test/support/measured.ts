import { preprocessingSchema, WHOLE_SET, type MeasuredData } from '../../main/contract/data.ts';
import type { Circumstances, Measurement, Paired } from '../../main/contract/measurement.ts';

/** Some data, changed where given. */
export const someData = (given: Partial<MeasuredData> = {}): MeasuredData => ({
  datasetId: 'digits',
  fingerprint: 'f00d',
  name: 'digits',
  split: WHOLE_SET,
  preprocessing: preprocessingSchema.parse({}),
  samples: 1000,
  ...given,
});

/** A quiet machine: 2 threads, batch 1, no data; changed where given. */
export const someCircumstances = (
  given: { readonly threads?: number; readonly batch?: number; readonly data?: MeasuredData | null } = {},
): Circumstances => ({
  target: { cpu: 'Test CPU', cores: 2, os: 'Linux', provider: 'cpu', onnxruntime: '1.30.0', vnni: false },
  settings: { threads: given.threads ?? 2, batch: given.batch ?? 1, dims: {}, turns: true },
  data: given.data ?? null,
});

/** A measured latency of trial "a": 1 ms [0.9, 1.1]; changed where given. */
export const someMeasurement = (given: Partial<Measurement> = {}): Measurement => ({
  trialId: 'a',
  metric: 'latency',
  value: 1,
  low: 0.9,
  high: 1.1,
  samples: 100,
  ...someCircumstances(),
  at: 1,
  software: 'Lapidary',
  recorded: true,
  ...given,
});

/** Trial "a" against "b": a ratio of times, 0.5 [0.45, 0.55]; changed where given. */
export const somePair = (given: Partial<Paired> = {}): Paired => ({
  metric: 'latency',
  trialId: 'a',
  referenceId: 'b',
  kind: 'ratio',
  value: 0.5,
  low: 0.45,
  high: 0.55,
  p: null,
  samples: 100,
  ...someCircumstances(),
  at: 1,
  ...given,
});
