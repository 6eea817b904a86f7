/** The search for precisions on a real model, where it lies beside the repository. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchResultSchema } from '../../main/contract/search.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const entry = fileURLToPath(new URL('../../main/cli/cli-entry.ts', import.meta.url));
const suite = existsSync(assets) ? describe : describe.skip;

suite(`searching real models${existsSync(assets) ? '' : ' (skipped: ../shared/assets is not there)'}`, () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'lapidary-search-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('finds precisions of ResNet-20 with 32 dB, which ranges alone do not reach all in int8', async () => {
    const model = join(assets, 'models/resnet20-cifar10/resnet20-cifar10.onnx');
    const data = [
      '--data',
      join(assets, 'data/cifar10-test-1k'),
      '--mean',
      '.485,.456,.406',
      '--std',
      '.229,.224,.225',
    ];
    const goal = ['--min-sqnr', '32', '--minimize', 'size', '--trials', '10', '-o', join(directory, 'best.onnx')];
    const command = ['--disable-warning=ExperimentalWarning', entry, 'search', model, ...data, ...goal, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 1e8 });
    const { trials, best } = searchResultSchema.parse(JSON.parse(stdout));
    const found = trials.find(({ id }) => id === best)!;
    expect(trials[0]!.metrics.sqnrDb).toBeLessThan(32);
    expect(found.metrics.sqnrDb).toBeGreaterThanOrEqual(32);
    expect(found.metrics.agreement).toBeGreaterThanOrEqual(0.985);
    // A float model of this size has 1.09 MB.
    expect(found.bytes).toBeLessThan(600_000);
  }, 900_000);
});
