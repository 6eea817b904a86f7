/** The search at both doors, on few trials of a sample. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { events } from '../../main/contract/methods.ts';
import { searchResultSchema } from '../../main/contract/search.ts';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';
import { callOf } from '../support/call-studio.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const samples = join(root, 'resources', 'samples');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-search-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function search(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const entry = join(root, 'main', 'cli', 'cli-entry.ts');
  const command = ['--disable-warning=ExperimentalWarning', entry, 'search', join(samples, 'glyph-cnn.onnx'), ...args];
  return new Promise((done) => {
    execFile(process.execPath, command, { maxBuffer: 1e8 }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

test('the terminal tells every trial and the front, and writes the best', async () => {
  const output = join(directory, 'best.onnx');
  const data = ['--data', join(samples, 'glyphs-validation.npz'), '--samples', '16', '--limit', '64'];
  const limits = ['--max-drop', '1', '--minimize', 'size', '--trials', '4'];
  const { code, stdout, stderr } = await search('-o', output, ...data, ...limits, '--json');
  expect(code, stderr + stdout.slice(0, 500)).toBe(0);
  const document = JSON.parse(stdout) as { output: { path: string; bytes: number } };
  const { trials, front, best } = searchResultSchema.parse(document);
  expect(trials).toHaveLength(4);
  expect(trials.every(({ keeps, metrics }) => keeps && metrics.agreement !== null)).toBe(true);
  expect(trials[3]!.predicted).not.toBeNull();
  expect(front).toContain(best);
  const smallest = Math.min(...trials.map(({ bytes }) => bytes));
  expect(trials.find(({ id }) => id === best)!.bytes).toBe(smallest);
  expect(document.output).toEqual({ path: output, bytes: smallest });
  expect(statSync(output).size).toBe(smallest);
}, 400_000);

test('a floor that none keeps writes nothing; two floors are refused', async () => {
  const output = join(directory, 'none.onnx');
  const data = ['--data', join(samples, 'glyphs-validation.npz'), '--samples', '16', '--limit', '64', '--json'];
  const { stdout } = await search('-o', output, '--min-sqnr', '150', '--trials', '1', ...data);
  expect(JSON.parse(stdout)).toMatchObject({ output: null, best: null });
  expect(existsSync(output)).toBe(false);
  const refused = await search('-o', output, '--min-sqnr', '20', '--max-drop', '0.1', ...data);
  expect(refused.code).toBe(2);
}, 400_000);

test('the studio keeps every trial with the model, and makes none again', async () => {
  await using workspace = await openWorkspace(join(directory, 'workspace'));
  const told: string[] = [];
  await using studio = await createStudio({
    workspace,
    version: '0.0.0',
    emit: (event, payload) => {
      events[event].parse(payload);
      if (event === 'trial') told.push(event);
    },
  });
  const call = callOf(studio);
  const { entry } = await call('model.open', { sample: 'glyph-cnn' });
  const datasetId = (await call('dataset.list', {})).find(({ name }) => name.includes('(validation)'))!.id;
  const request = {
    modelId: entry.id,
    calibrationDatasetId: datasetId,
    datasetId,
    limit: 64,
    samples: 16,
    floor: { maxDrop: 1 },
    minimize: 'size' as const,
    trials: 1,
  };
  const found = await call('search.run', request);
  const kept = (await call('trial.list', { modelId: entry.id })).filter(({ baseline }) => !baseline);
  expect(kept.map(({ id }) => id).sort()).toEqual(found.trials.map(({ id }) => id).sort());
  expect(
    kept.every(({ status, latency, evaluation }) => status === 'done' && latency !== null && evaluation !== null),
  ).toBe(true);
  expect(found).toMatchObject({ best: kept[0]!.id, front: [kept[0]!.id] });
  const before = told.length;
  const again = await call('search.run', request);
  expect(again.trials).toEqual(found.trials);
  expect(told.length).toBe(before);
}, 400_000);
