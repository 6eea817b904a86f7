import { WHOLE_SET, type MeasuredData } from '../../contract/data.ts';
import { EMPTY_RECIPE } from '../../contract/recipe/recipe.ts';
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { StudioError } from '../../base/errors.ts';
import { writeWhole } from '../../base/write-whole.ts';
import { version } from '../../host/engine.ts';
import { describeDataset } from '../../services/datasets.ts';
import { measureAccuracy } from '../../services/measure-accuracy.ts';
import { measureProfile } from '../../services/measure-profile.ts';
import { MemoryStore } from '../../services/memory-store.ts';
import type { MeasureContext } from '../../services/studio-context.ts';
import { renderTrialReport } from '../../services/reports.ts';
import { workspaceDirectory } from '../../workspace/location.ts';
import { openWorkspace } from '../../workspace/workspace.ts';
import { checkDims } from '../check-dims.ts';
import { CALIBRATION_DATA_HELP, calibrationOf, evaluationData, type EvaluationOptions } from '../evaluation.ts';
import {
  addCommonOptions,
  addDataOptions,
  addRunOptions,
  addSplitOptions,
  runSettings,
  wholeNumber,
} from '../options.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { formatBytes } from '../../judge/format.ts';

interface Options extends CommonOptions, EvaluationOptions {
  readonly output: string;
  readonly reference?: string;
}

type Format = 'html' | 'markdown';

/** `lapidary report MODEL|TRIAL -o FILE`: proof of what a model does here. */
export function addReportCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('report <model-or-trial>')
    .description('a report of a model (measured now), or of a trial of the workspace by its id')
    .requiredOption('-o, --output <file>', 'the report: .html, or .md')
    .option('--limit <n>', 'only the first n samples of the data', wholeNumber(1))
    .option('--reference <model>', 'compare the outputs with those of this model; needed where the data has no labels');
  addSplitOptions(
    addDataOptions(addRunOptions(addCommonOptions(command)), 'data for the accuracy'),
    CALIBRATION_DATA_HELP,
  ).action(async (subject: string, options: Options) => {
    finish(
      await runCommand(options, async (context) => {
        const format = formatOf(options.output);
        const text = existsSync(subject)
          ? await reportModel(context, subject, options, format)
          : await reportTrial(context, subject, format);
        await writeWhole(options.output, text);
        const size = Buffer.byteLength(text);
        context.say(`${options.output}: ${formatBytes(size)}`);
        return { output: { path: options.output, bytes: size } };
      }),
    );
  });
}

function formatOf(path: string): Format {
  const extension = extname(path).toLowerCase();
  if (extension === '.html' || extension === '.htm') return 'html';
  if (extension === '.md') return 'markdown';
  throw new StudioError('USAGE', `A report ends in .html or .md, got '${path}'`);
}

async function reportTrial({ operate }: CommandContext, trialId: string, format: Format): Promise<string> {
  const directory = workspaceDirectory();
  if (!existsSync(directory)) throw unknownSubject(trialId);
  await using workspace = await openWorkspace(directory);
  if ((await workspace.findTrial(trialId)) === undefined) throw unknownSubject(trialId);
  return renderTrialReport({ workspace, ask: operate, version: version() }, trialId, format);
}

function unknownSubject(subject: string): StudioError {
  return new StudioError('FILE_NOT_FOUND', `'${subject}' is neither a file nor a trial of the workspace`, {
    hint: 'Check the path, or the trial in the studio.',
  });
}

/** Measures a model as the studio measures a baseline, and keeps what was found for the report alone. */
async function reportModel(context: CommandContext, path: string, options: Options, format: Format): Promise<string> {
  const { operate, signal } = context;
  await checkDims(context, path, options.dim);
  const store = new MemoryStore();
  const data = evaluationData(options);
  const trialId = await addModel(context, store, path, options);
  const measuring: MeasureContext = {
    workspace: store,
    emit: () => undefined,
    // The command shows progress and stops by itself.
    work: { call: (name, params) => operate(name, params) },
    version: version(),
  };
  const task = { signal, progress: () => undefined };
  const settings = runSettings(options);
  // The data first: what is wrong with it is told before the long measurement.
  if (data !== null) {
    const entry = await describeDataset(operate, data);
    store.addDataset(entry);
    const { limit = null, reference } = options;
    const request = { trialId, datasetId: entry.id, split: data.split ?? WHOLE_SET, limit, settings };
    await measureAccuracy(measuring, { ...request, ...(reference === undefined ? {} : { reference }) }, task);
  }
  await measureProfile(measuring, { trialId, settings, runs: null, warmup: null, trace: null }, task);
  return renderTrialReport({ workspace: store, ask: operate, version: version() }, trialId, format);
}

/** The model as a baseline, with the data that calibrated it where the options say so. @returns the trial's id */
async function addModel(
  { operate }: CommandContext,
  store: MemoryStore,
  path: string,
  options: Options,
): Promise<string> {
  const { model, parameters, macs } = await operate('summary', { path, dims: options.dim });
  const [id, name, createdAt] = [model.sha256, basename(path), Date.now()];
  const bytes = model.bytes + model.externalBytes;
  store.addModel({ id, name, path, bytes, openedAt: createdAt });
  const calibration = calibrationOf(options);
  let calibratedBy: MeasuredData | null = null;
  if (calibration !== null) {
    const entry = await describeDataset(operate, calibration);
    store.addDataset(entry);
    const { split = WHOLE_SET, preprocessing } = calibration;
    const { fingerprint, samples } = await operate('dataset', calibration);
    calibratedBy = { datasetId: entry.id, fingerprint, name: entry.name, split, preprocessing, samples };
  }
  const baseline = { id, modelId: id, name, recipe: EMPTY_RECIPE, baseline: true, createdAt };
  store.addTrial(baseline, path, { bytes, parameters, macs, calibration: calibratedBy });
  return id;
}
