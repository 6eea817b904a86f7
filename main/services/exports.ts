import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Params, Result } from '../contract/methods.ts';
import { StudioError, throwIfCancelled } from '../base/errors.ts';
import type { TaskContext } from '../base/progress.ts';
import type { Handlers } from './handlers.ts';
import { renderTrialReport } from './reports.ts';
import type { StudioContext } from './studio-context.ts';
import { requireOutput } from './trial-state.ts';

/** Writing a trial's model, recipe and report where the user wants them. */
export function exportHandlers(context: StudioContext): Pick<Handlers, 'trial.export'> {
  return {
    'trial.export': async (params) => {
      const trial = await context.workspace.trial(params.trialId);
      const title = `Export ${trial.name}`;
      return context.jobs.add({ kind: 'export', title, modelId: trial.modelId, trialId: trial.id }, (task) =>
        exportTrial(context, params, task),
      );
    },
  };
}

async function exportTrial(
  context: StudioContext,
  params: Params<'trial.export'>,
  task: TaskContext,
): Promise<Result<'trial.export'>> {
  if (!params.model && !params.recipe && !params.report) {
    throw new StudioError('USAGE', 'Nothing is chosen to export', {
      hint: 'Choose the model, the recipe or the report.',
    });
  }
  const key = randomBytes(16).toString('hex');
  const directory =
    params.directory === null ? join(await context.workspace.folder('exports'), key) : resolve(params.directory);
  await makeFolder(directory);
  const names = await writeTogether(directory, params.overwrite, (staging) =>
    writeParts(context, params, staging, task),
  );
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const url = params.directory === null ? `/files/exports/${key}/${encodeURIComponent(name)}` : null;
      return { path, bytes: (await stat(path)).size, url };
    }),
  );
  return { files };
}

/** Writes what was asked for into `folder`, under its final names. */
async function writeParts(
  context: StudioContext,
  params: Params<'trial.export'>,
  folder: string,
  task: TaskContext,
): Promise<void> {
  const name = params.name.replace(/\.onnx$/iu, '');
  if (name === '' || basename(name) !== name || /[<>:"|?*\0]/u.test(name)) {
    throw new StudioError('USAGE', `'${params.name}' is not a file name`, {
      hint: 'Use letters, digits, dots and dashes.',
    });
  }
  const trial = await context.workspace.trial(params.trialId);
  if (params.model) {
    const path = await requireOutput(context, params.trialId);
    await context.work.call('copyModel', { path, output: join(folder, `${name}.onnx`) }, task);
  }
  throwIfCancelled(task.signal, 'The export');
  if (params.recipe) {
    await writeFile(join(folder, `${name}.recipe.json`), `${JSON.stringify(trial.recipe, null, 2)}\n`, { flush: true });
  }
  if (params.report) {
    const report = await renderTrialReport(context, trial.id, 'html');
    await writeFile(join(folder, `${name}.report.html`), report, { flush: true });
  }
  throwIfCancelled(task.signal, 'The export');
}

async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new StudioError('WRITE_FAILED', `The folder '${directory}' cannot be made: ${cause.message}`, {
      hint: 'Choose another folder.',
      cause,
    });
  });
}

/**
 * Lets `write` fill a folder beside the targets, then moves its files into place: all of them, or none.
 * @returns the files' names
 */
async function writeTogether(
  directory: string,
  overwrite: boolean,
  write: (staging: string) => Promise<void>,
): Promise<string[]> {
  const staging = await mkdtemp(join(directory, '.lapidary-'));
  try {
    await write(staging);
    const names = await readdir(staging);
    const taken = new Set(await readdir(directory));
    const inTheWay = names.find((name) => taken.has(name));
    if (inTheWay !== undefined && !overwrite) {
      throw new StudioError('WRITE_FAILED', `'${inTheWay}' is already in '${directory}'`, {
        hint: 'Choose another name, or allow overwriting.',
      });
    }
    for (const name of names) await rename(join(staging, name), join(directory, name));
    return names;
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError('WRITE_FAILED', `The export to '${directory}' failed: ${message}`, {
      hint: 'Check the free disk space and your rights; nothing was left behind.',
      cause,
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
