import type { TaskContext } from '../../base/progress.ts';
import type { Comparison } from '../../contract/studio.ts';
import { compareLayers, type ComparedModel } from './compare-layers.ts';
import { inspect } from './inspect.ts';
import { metricRows, type Totals } from './metric-rows.ts';
import { openShared } from './opened-models.ts';
import type { CompareSide, OperationParams } from './operation-map.ts';
import { sourceMap } from './source-map.ts';

/** Two models side by side: their numbers, and the layers of A with what they are in B. */
export async function compare(
  { a, b, related, pairs, keys }: OperationParams<'compare'>,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<Comparison> {
  const [sideA, sideB] = await Promise.all([readSide(a, signal), readSide(b, signal)]);
  return {
    a: { id: a.id, name: a.name },
    b: { id: b.id, name: b.name },
    metrics: metricRows(
      { measurements: a.measurements, totals: sideA.totals },
      { measurements: b.measurements, totals: sideB.totals },
      { pairs, keys },
    ),
    layers: compareLayers(sideA, sideB, { related }),
  };
}

async function readSide(
  { path, profile, sources }: CompareSide,
  signal: AbortSignal,
): Promise<ComparedModel & { readonly totals: Totals }> {
  const { model, bytes, externalBytes } = await openShared(path);
  const { layers, parameters, macs } = await inspect(
    { path, dims: profile?.dims ?? {}, scanWeights: false },
    { signal },
  );
  const count = layers.filter(({ name, layer }) => name === layer).length;
  return {
    model,
    rows: layers,
    profile,
    sources: sourceMap(sources),
    totals: { parameters, macs, bytes: bytes + externalBytes, layers: count },
  };
}
