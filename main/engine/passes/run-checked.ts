import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import type { Runner } from '../runtime/runner.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { checkPass } from './check-pass.ts';
import { composeSources, unchanged, type Pass, type PassResult } from './pass.ts';

/** A pass and what to call it where it had to be left out. */
export interface NamedPass {
  readonly title: string;
  readonly run: Pass;
}

/**
 * Runs passes and checks each on real inputs: those that change what the model computes are left out, with a note. Two loads
 * and runs for each pass that changes the model, so first check all of them together.
 * @throws when the model itself does not run on the feeds; CANCELLED
 */
export async function runChecked(
  model: Model,
  passes: readonly NamedPass[],
  feeds: HostTensors,
  by: { readonly runner: Runner; readonly context: Pick<TaskContext, 'signal'> },
): Promise<PassResult> {
  const { runner, context } = by;
  let result = unchanged(model);
  for (const { title, run } of passes) {
    const next = await run(result.model, { runners: lendRunner(runner), signal: context.signal });
    const difference =
      next.model === result.model
        ? null
        : await checkPass({ before: result.model, after: next.model }, feeds, runner, context);
    result =
      difference === null
        ? {
            model: next.model,
            sources: composeSources(result.sources, next.sources),
            notes: [...result.notes, ...next.notes],
          }
        : {
            ...result,
            notes: [...result.notes, `${title} was left out: the model computes something else then; ${difference}.`],
          };
  }
  return result;
}
