import { Option, type Command } from 'commander';
import type { Evaluation } from '../../contract/results.ts';
import { checkDims } from '../check-dims.ts';
import { CALIBRATION_DATA_HELP, evaluateModelOn, evaluationData, type EvaluationOptions } from '../evaluation.ts';
import {
  addCommonOptions,
  addDataOptions,
  addRunOptions,
  addSplitOptions,
  requiredData,
  wholeNumber,
} from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
import { describeCircumstances } from '../../judge/circumstances.ts';
import { formatCosine, formatDb, formatNumber, formatPercent } from '../../judge/format.ts';

interface Options extends CommonOptions, EvaluationOptions {
  readonly reference?: string;
}

/** `lapidary evaluate MODEL --data …`: how right it is. */
export function addEvaluateCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('evaluate <model>')
    .description('accuracy on labelled data, or agreement with a reference model')
    .option('--limit <n>', 'only the first n samples', wholeNumber(1))
    .option('--reference <model>', 'compare the outputs with those of this model')
    .addOption(
      new Option('--metric <name>', 'metric to print first').choices(['top1', 'top5', 'agreement']).default('top1'),
    );
  addSplitOptions(
    addDataOptions(addRunOptions(addCommonOptions(command)), 'labelled data'),
    CALIBRATION_DATA_HELP,
  ).action(async (model: string, options: Options) => {
    finish(
      await runCommand(options, async (context) => {
        const { say } = context;
        await checkDims(context, model, options.dim);
        const data = evaluationData(options) ?? requiredData(options, 'there is nothing to evaluate on');
        const { evaluation: result } = await evaluateModelOn(
          context,
          { path: model, data, reference: options.reference ?? null },
          options,
        );
        say(summary(result));
        return result;
      }),
    );
  });
}

function summary(result: Evaluation): string {
  const { samples, metrics, agreement, sqnrDb, cosine, samplesPerSecond, preprocessing, notes, circumstances } = result;
  const where = circumstances === undefined ? `${samples} samples` : describeCircumstances(circumstances);
  const interval = (name: string, { value, low, high }: { value: number; low: number; high: number }): string =>
    `  ${name.padEnd(11)} ${formatPercent(value)} (95 %: ${formatPercent(low)} – ${formatPercent(high)})`;
  return [
    `${where}; ${formatNumber(samplesPerSecond)} samples/s; ${preprocessing}`,
    ...Object.entries(metrics).map(([name, metric]) => interval(name, metric)),
    ...(agreement === null ? [] : [interval('agreement', agreement)]),
    ...(sqnrDb === null ? [] : [`  SQNR        ${formatDb(sqnrDb)}`]),
    ...(cosine === null ? [] : [`  cosine      ${formatCosine(cosine)}`]),
    ...notes.map((note) => `  note        ${note}`),
  ].join('\n');
}
