/**
 * Writes that the system refuses half-way, as a full disk does: the child shell limits the size of every file that the
 * command may write (`ulimit -f`), so that writing fails with EFBIG where a full disk fails with ENOSPC.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';
import { callOf } from '../support/call-studio.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cnn = join(root, 'resources/samples/glyph-cnn.onnx');
const cli = join(root, 'main/cli/cli-entry.ts');
const limitedStudio = join(root, 'test/support/limited-studio.ts');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-full-disk-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script whose files may not pass `kib`, a multiple of 512 bytes in every shell. */
function limited(kib: number, workspace: string, ...args: readonly string[]): Promise<Outcome> {
  const command = `ulimit -f ${kib * 2} && exec "$0" "$@"`;
  const argv = ['-c', command, process.execPath, '--disable-warning=ExperimentalWarning', ...args];
  const env = { ...process.env, LAPIDARY_WORKSPACE: workspace };
  return new Promise((resolve) => {
    execFile('/bin/sh', argv, { env, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

describe.skipIf(process.platform === 'win32')('when the disk takes no more', () => {
  test.each([
    ['a pruned model', 'out.onnx', ['prune', cnn, '--sparsity', '0.3', '-o']],
    ['a trace', 'trace.json', ['profile', cnn, '--runs', '20', '--warmup', '1', '--trace']],
    ['a report', 'report.html', ['report', cnn, '-o']],
  ])('%s is not written, and what was there stays', async (_what, name, args) => {
    const folder = join(directory, name);
    mkdirSync(folder);
    const target = join(folder, name);
    writeFileSync(target, 'earlier');
    const { code, stderr } = await limited(2, join(directory, 'unused'), cli, ...args, target);
    expect(stderr).toMatch(/^lapidary: WRITE_FAILED: [^\n]*another disk[^\n]*\n$/u);
    expect(code).toBe(3);
    expect(readFileSync(target, 'utf8')).toBe('earlier');
    expect(readdirSync(folder)).toEqual([name]);
  });

  test('a workspace that cannot be made is told as a failed write, not as a damaged one', async () => {
    const { code, stderr } = await limited(2, join(directory, 'no-room'), cli, 'serve');
    expect(stderr).toMatch(/^lapidary: WRITE_FAILED: .*LAPIDARY_WORKSPACE/u);
    expect(code).toBe(3);
  });

  test('a trial fails and leaves nothing; the workspace goes on when there is room again', async () => {
    const folder = join(directory, 'workspace');
    const { stdout } = await limited(400, folder, limitedStudio, folder, '', 'run');
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'WRITE_FAILED' } });

    await using workspace = await openWorkspace(folder);
    await using studio = await createStudio({ workspace, version: '0.0.0', emit: () => undefined });
    const call = callOf(studio);
    const { entry } = await call('model.open', { sample: 'glyph-cnn' });
    const trials = await call('trial.list', { modelId: entry.id });
    expect(trials.map(({ status, error }) => [status, error?.code])).toEqual([
      ['done', undefined],
      ['failed', 'WRITE_FAILED'],
    ]);
    expect(readdirSync(await workspace.folder('trials'))).toEqual([]);
    const again = await call('trial.run', { modelId: entry.id, recipe: trials[1]!.recipe, latency: false });
    expect(again).toMatchObject({ id: trials[1]!.id, status: 'done' });
  });

  test('an export fails as a whole', async () => {
    const folder = join(directory, 'workspace');
    const target = join(directory, 'exports');
    mkdirSync(target);
    writeFileSync(join(target, 'small.onnx'), 'earlier');
    const { stdout } = await limited(400, folder, limitedStudio, folder, target, 'export');
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'WRITE_FAILED' } });
    expect(readdirSync(target)).toEqual(['small.onnx']);
    expect(readFileSync(join(target, 'small.onnx'), 'utf8')).toBe('earlier');
  });
});
