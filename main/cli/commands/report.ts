import { EMPTY_RECIPE } from '../../contract/recipe/recipe.ts';
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import type { Trial } from '../../contract/studio.ts';
import { StudioError } from '../../base/errors.ts';
import { summarizeEvaluation } from '../../judge/trial-summary.ts';
import { renderReport } from '../../engine/report/render-report.ts';
import { writeWhole } from '../../base/write-whole.ts';
import { version } from '../../host/engine.ts';
import type { ReportPoint } from '../../engine/report/report-input.ts';
import { evaluationMeasurements, profileMeasurements } from '../../services/measurements.ts';
import { circumstancesOn } from '../../services/operations/circumstances.ts';
import { reportInput } from '../../services/report-input.ts';
import { renderTrialReport } from '../../services/reports.ts';
import { workspaceDirectory } from '../../workspace/location.ts';
import { openWorkspace } from '../../workspace/workspace.ts';
import { checkDims } from '../check-dims.ts';
import { CALIBRATION_DATA_HELP, evaluateModelOn, evaluationData, type EvaluationOptions } from '../evaluation.ts';
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

/** Measures a model as a baseline of its own. */
async function reportModel(context: CommandContext, path: string, options: Options, format: Format): Promise<string> {
  const { operate } = context;
  const settings = runSettings(options);
  await checkDims(context, path, options.dim);
  const inspect = await operate('inspect', { path, dims: options.dim, scanWeights: true });
  // The data first: what is wrong with it is told before the long measurement.
  const data = evaluationData(options);
  const { reference = null } = options;
  const evaluated = data === null ? null : await evaluateModelOn(context, { path, data, reference }, options);
  const profile = await operate('profile', { path, settings, runs: null, warmup: null, inputs: null, trace: null });
  const at = Date.now();
  const software = `Lapidary ${version()}, ONNX Runtime ${profile.machine.onnxruntime}`;
  const trial: Trial = {
    id: inspect.model.sha256,
    modelId: inspect.model.sha256,
    name: basename(path),
    recipe: EMPTY_RECIPE,
    baseline: true,
    createdAt: at,
    status: 'done',
    error: null,
    bytes: inspect.model.bytes + inspect.model.externalBytes,
    parameters: inspect.parameters,
    sparsity: null,
    macs: inspect.macs,
    latency: profile.latency,
    evaluation: evaluated === null ? null : summarizeEvaluation(evaluated.evaluation),
    measurements: [
      ...profileMeasurements(profile, { circumstances: circumstancesOn(profile.machine, profile), software, at }),
      ...(evaluated === null
        ? []
        : evaluationMeasurements(evaluated.evaluation, { circumstances: evaluated.circumstances, software, at })),
    ],
    pairs: [],
    calibration: null,
    prune: null,
    quantize: null,
    hasProfile: true,
    hasErrors: false,
  };
  const input = reportInput({
    version: version(),
    modelName: basename(path),
    inspect,
    trial,
    baseline: null,
    details: { prune: null, quantize: null },
    pairs: [],
    points: onePoint(trial),
    profile,
    baselineProfile: null,
    errors: null,
  });
  return renderReport(input, format);
}

/** The model alone in the trade-off picture; none without accuracy. */
function onePoint({ name, measurements }: Trial): ReportPoint[] {
  const latency = measurements.find(({ metric }) => metric === 'latency');
  const accuracy = measurements.find(({ metric }) => metric === 'top1' || metric === 'agreement');
  if (latency === undefined || accuracy === undefined) return [];
  return [{ name, latency, accuracy, kind: 'baseline', onFront: true }];
}
