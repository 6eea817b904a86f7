import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { checkPass } from '../passes/check-pass.ts';
import { foldBatchNormalization } from '../passes/fold-batchnorm.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { runPasses, type PassResult } from '../passes/pass.ts';
import { runChecked, type NamedPass } from '../passes/run-checked.ts';
import { separateConstants } from '../passes/separate-constants.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';

const PASSES: readonly NamedPass[] = [
  { title: 'Putting functions in the place of their calls', run: inlineFunctions },
  { title: 'Folding constants', run: (model, context) => foldConstants(model, context) },
  { title: 'Folding batch normalization', run: foldBatchNormalization },
  { title: 'Separating constants', run: separateConstants },
];

/**
 * The form in which factors can be followed: functions in the place of their calls, constants stored, batch normalization in
 * the weights before it, vectors that only happen to be equal apart. Passes that change what the model gives are left out.
 * @throws when the model does not run on the feeds; RUNTIME_DIED, CANCELLED
 */
export async function prepareEqualization(
  source: Model,
  feeds: HostTensors,
  runner: Runner,
  context: TaskContext,
): Promise<PassResult> {
  const passContext = { runners: lendRunner(runner), signal: context.signal };
  const named = nameNodes(source);
  const all = await runPasses(
    named.model,
    PASSES.map(({ run }) => run),
    passContext,
  );
  const same = all.model === named.model;
  const difference = same ? null : await checkPass({ before: named.model, after: all.model }, feeds, runner, context);
  const made = difference === null ? all : await runChecked(named.model, PASSES, feeds, { runner, context });
  return { ...made, notes: [...named.notes, ...made.notes] };
}
