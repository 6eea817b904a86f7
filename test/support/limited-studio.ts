/**
 * A studio in a process of its own, for tests that limit what it may write (`ulimit -f`):
 * `limited-studio.ts WORKSPACE EXPORTS METHOD`. Opens the CNN sample and makes a pruned trial; METHOD `export` writes an
 * earlier one to EXPORTS instead. Prints the outcome as JSON.
 */
import type { Trial } from '../../main/contract/studio.ts';
import { describeError } from '../../main/rpc/wire-error.ts';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';
import { callOf } from './call-studio.ts';

const [directory = '', exports = '', method = ''] = process.argv.slice(2);
await using workspace = await openWorkspace(directory);
await using studio = await createStudio({ workspace, version: '0.0.0', emit: () => undefined });
const call = callOf(studio);

async function run(): Promise<unknown> {
  const { entry } = await call('model.open', { sample: 'glyph-cnn' });
  if (method === 'export') {
    const made = (await call('trial.list', { modelId: entry.id })).find((trial: Trial) => !trial.baseline);
    return call('trial.export', {
      trialId: made?.id ?? '',
      directory: exports,
      name: 'small',
      model: true,
      recipe: true,
      report: true,
      overwrite: true,
    });
  }
  const recipe = { version: 2 as const, steps: [{ prune: { structure: 'element' as const, sparsity: 0.3 } }] };
  return call('trial.run', { modelId: entry.id, recipe, latency: false });
}

const outcome = await run().then(
  () => ({ error: null }),
  (error: unknown) => ({ error: describeError(error) }),
);
process.stdout.write(JSON.stringify(outcome));
