import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';
import { callOf } from '../support/call-studio.ts';
import { pruneStep } from '../support/recipes.ts';

test('two trials whose recipes read alike do not bear one name, and one that runs again keeps its own', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lapidary-names-'));
  try {
    await using workspace = await openWorkspace(directory);
    await using studio = await createStudio({ workspace, version: '0.0.0', emit: () => undefined });
    const call = callOf(studio);
    const { entry } = await call('model.open', { sample: 'glyph-cnn' });
    const run = (layer: string) => {
      const step = pruneStep({ sparsity: 0.21, exclude: [layer] });
      return call('trial.run', { modelId: entry.id, recipe: { version: 2, steps: [{ prune: step }] }, latency: false });
    };
    const [first, second, again] = [await run('/stem/conv/Conv'), await run('/fc/Gemm'), await run('/stem/conv/Conv')];
    expect(first.name).toContain('1 excluded');
    expect([second.name, again.name]).toEqual([`${first.name} (2)`, first.name]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
