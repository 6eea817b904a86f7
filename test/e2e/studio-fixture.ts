import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test as base, expect, type Locator, type Page } from '@playwright/test';
import { descendant, descendants } from '../support/processes.ts';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The built `lapidary` command's script. */
export const cli = join(root, 'out', 'main', 'cli.js');

/** A studio that serves a browser: `lapidary serve` on a workspace of its own. */
export interface Studio {
  /** Address with the token. */
  readonly url: string;
  readonly workspace: string;
  /** Process id of the engine that runs now; throws while there is none. */
  enginePid(): number;
  /** Process ids of the runners, which hold the ONNX Runtime sessions. */
  runnerPids(): readonly number[];
  /** Ends the studio as Ctrl-C does. */
  stop(): Promise<void>;
}

/** Starts a studio on a workspace. */
export async function startStudio(workspace: string, args: readonly string[] = []): Promise<Studio> {
  const child = spawn(process.execPath, [cli, 'serve', '--json', ...args], {
    cwd: root,
    env: { ...process.env, LAPIDARY_WORKSPACE: workspace },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('lapidary serve did not start');
  return {
    url: await addressOf(child),
    workspace,
    enginePid: () => descendant(pid, /engine\.js/u).pid,
    runnerPids: () =>
      descendants(pid)
        .filter(({ command }) => command.includes('runner.js'))
        .map((runner) => runner.pid),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('lapidary serve has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url?: string };
    if (url === undefined) throw new Error(`lapidary serve did not start: ${line}`);
    return url;
  }
  throw new Error('lapidary serve ended without printing its address');
}

/** A new folder below the system's temporary one; the caller removes it. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'lapidary-e2e-'));
}

/** Removes a folder of {@link newFolder}. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

/** `test` with a studio of its own on an empty workspace, and a page on it. Any error in the page's console fails the test. */
export const test = base.extend<{ workspace: string; studio: Studio; studioPage: Page }>({
  // Playwright reads what a fixture needs from this pattern.
  // oxlint-disable-next-line no-empty-pattern
  workspace: async ({}, give) => {
    const folder = newFolder();
    await give(folder);
    removeFolder(folder);
  },
  studio: async ({ workspace }, give) => {
    const studio = await startStudio(workspace);
    await give(studio);
    await studio.stop();
  },
  studioPage: async ({ page, studio }, give) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(studio.url);
    await give(page);
    expect(errors, 'uncaught errors in the page').toEqual([]);
  },
});

/** Opens the bundled convolutional sample from the start page and waits for its graph. */
export async function openSample(page: Page, title = /CNN/u): Promise<void> {
  await page.getByRole('region', { name: 'Samples' }).getByRole('button', { name: title }).click();
  await expect(page.getByRole('tab', { name: 'Graph', exact: true })).toBeVisible();
}

/** Goes to a task by its tab and returns its panel. */
export async function showTask(page: Page, name: string): Promise<Locator> {
  await page.getByRole('tab', { name, exact: true }).click();
  const panel = page.getByRole('tabpanel', { name });
  await expect(panel).toBeVisible();
  return panel;
}
