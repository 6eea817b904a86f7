import type { Command } from 'commander';
import { PRESET_TRIAL_SAMPLES, type PresetTrials } from '../../contract/preset-trials.ts';
import { formatPercent } from '../../judge/format.ts';
import { PRESET_TABLE } from '../../judge/preprocessing/presets.ts';
import { checkDims } from '../check-dims.ts';
import {
  addCommonOptions,
  addDataOptions,
  addRunOptions,
  requiredData,
  runSettings,
  wholeNumber,
  type DataOptions,
  type RunOptions,
} from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
import { table } from '../text.ts';

interface Options extends CommonOptions, RunOptions, DataOptions {
  readonly limit: number;
}

/** `lapidary presets MODEL --data …`: which preprocessing makes it right. */
export function addPresetsCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('presets <model>')
    .description('which preprocessing the model wants: each preset tried on labelled samples')
    .option('--limit <n>', 'samples for each preset, drawn of every class alike', wholeNumber(1), PRESET_TRIAL_SAMPLES);
  addDataOptions(addRunOptions(addCommonOptions(command)), 'labelled data').action(
    async (model: string, options: Options) => {
      finish(
        await runCommand(options, async (context) => {
          await checkDims(context, model, options.dim);
          const data = requiredData(options, 'there is nothing to try presets on');
          const { limit } = options;
          const trials = await context.operate('tryPresets', {
            path: model,
            data,
            settings: runSettings(options),
            limit,
          });
          context.say(summary(trials));
          return trials;
        }),
      );
    },
  );
}

function summary({ samples, rows, guess, best, rivals }: PresetTrials): string {
  const rowsText = table(
    [
      { title: 'preset', cell: ({ preset }) => preset },
      { title: 'top-1', align: 'right', cell: ({ top1 }) => (top1 === null ? '–' : formatPercent(top1.value)) },
      {
        title: '95 %',
        cell: ({ top1 }) => (top1 === null ? '' : `${formatPercent(top1.low)} – ${formatPercent(top1.high)}`),
      },
      {
        title: '',
        cell: ({ preset, problem }) =>
          [
            problem ?? PRESET_TABLE[preset].help,
            ...(preset === best ? ['best'] : []),
            ...(preset === guess ? ['guessed'] : []),
          ].join(' · '),
      },
    ],
    rows,
  );
  const end =
    best === null
      ? 'None fits the model and the data: see the reasons above.'
      : `${PRESET_TABLE[best].title} is the best: --preprocess ${best}${rivals.length === 0 ? '' : `. ${samples} samples do not tell it from ${rivals.join(', ')}: --limit tries more`}`;
  return `${samples} samples for each preset\n${rowsText}\n${end}`;
}
