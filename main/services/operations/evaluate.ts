import { WHOLE_SET } from '../../contract/data.ts';
import { evaluateModel } from '../../engine/dataset/evaluate.ts';
import { splitIndices } from '../../engine/dataset/split.ts';
import { runnableSource } from '../../engine/passes/name-nodes.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import type { TaskContext } from '../../base/progress.ts';
import { circumstancesOn } from './circumstances.ts';
import { measuredData, openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { explaining } from './run-report.ts';
import { withThreadRunner } from './runners.ts';

/**
 * How right a model is, on the part of the data that its source says. A batch of 1 in the settings leaves the batch to the
 * evaluation: accuracy does not depend on it, and larger ones are faster.
 */
export async function evaluate(
  { path, data, settings, limit, reference }: OperationParams<'evaluate'>,
  context: TaskContext,
): Promise<OperationResult<'evaluate'>> {
  // Opened first for its clear errors: the runtime's own are about protobuf.
  const opened = await openRunnable(path, context.signal);
  const other = reference === null ? null : await openRunnable(reference, context.signal);
  const dataset = await openSource(data);
  const { provider, threads, batch, dims } = settings;
  const first = { path, settings: { batch: 1, dims }, inputs: null, data };
  return explaining(first, context, () =>
    withThreadRunner(context.signal, async (runner) => {
      const result = await evaluateModel(
        {
          model: runnableSource(opened),
          dataset,
          runner,
          settings: { provider, threads },
          batch: batch === 1 ? null : batch,
          dims,
          indices: splitIndices(dataset, data.split ?? WHOLE_SET, limit),
          reference: other === null ? null : runnableSource(other),
        },
        context,
      );
      const { outcomes, reference: compared, classes, confusion, notes, metrics, ...rest } = result;
      const circumstances = circumstancesOn(machineInfo(runner.about.onnxruntime, settings), {
        batch: result.batch,
        dims,
        data: measuredData(dataset, data.split ?? WHOLE_SET, result.samples),
      });
      return {
        evaluation: {
          ...rest,
          metrics: { ...metrics },
          classes: [...classes],
          confusion: confusion === null ? null : confusion.map((row) => [...row]),
          circumstances,
          notes: [...notes],
        },
        circumstances,
        outcomes,
        reference: compared === null ? null : { metrics: { ...compared.metrics }, outcomes: compared.outcomes },
      };
    }),
  );
}
