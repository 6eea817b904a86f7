import { evaluateModel } from '../../engine/dataset/evaluate.ts';
import type { TaskContext } from '../../base/progress.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/**
 * How right a model is. A batch of 1 in the settings leaves the batch to the evaluation: accuracy does not depend on it,
 * and larger ones are faster.
 */
export async function evaluate(
  { path, data, settings, limit, reference }: OperationParams<'evaluate'>,
  context: TaskContext,
): Promise<OperationResult<'evaluate'>> {
  // Opened first for its clear errors: the runtime's own are about protobuf.
  await openRunnable(path);
  if (reference !== null) await openRunnable(reference);
  const dataset = await openSource(data);
  const { provider, threads, batch, dims } = settings;
  return withThreadRunner(context.signal, async (runner) => {
    const result = await evaluateModel(
      {
        model: { path },
        dataset,
        runner,
        settings: { provider, threads },
        batch: batch === 1 ? null : batch,
        dims,
        limit,
        reference: reference === null ? null : { path: reference },
      },
      context,
    );
    // `correct` is for paired tests within the engine; the wire carries the rest.
    const { correct: _correct, classes, confusion, notes, metrics, ...rest } = result;
    return {
      ...rest,
      metrics: { ...metrics },
      classes: [...classes],
      confusion: confusion === null ? null : confusion.map((row) => [...row]),
      notes: [...notes],
    };
  });
}
