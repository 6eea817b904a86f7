import type { Command } from 'commander';
import type { SuspectRow, Suspects } from '../../contract/suspects.ts';
import { formatCompact, formatCount, formatShape } from '../../judge/format.ts';
import { suspicionText } from '../../judge/suspicion.ts';
import { checkDims } from '../check-dims.ts';
import {
  addCommonOptions,
  addDataOptions,
  addDimOption,
  requiredData,
  wholeNumber,
  type DataOptions,
  type DimOptions,
} from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
import { table } from '../text.ts';

interface Options extends CommonOptions, DimOptions, DataOptions {
  readonly limit?: number;
}

/** `lapidary suspects MODEL --data …`: values that look wrong. */
export function addSuspectsCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('suspects <model>')
    .description('values that are not numbers, infinite or denormal, and channels that are always 0, over a data set')
    .option('--limit <n>', 'only the first n samples', wholeNumber(1));
  addDataOptions(addDimOption(addCommonOptions(command)), 'data').action(async (model: string, options: Options) => {
    finish(
      await runCommand(options, async (context) => {
        await checkDims(context, model, options.dim);
        const data = requiredData(options, 'there is nothing to look at values on');
        const { limit = null, dim: dims } = options;
        const found = await context.operate('suspects', { path: model, data, dims, limit });
        context.say(textOf(found));
        return found;
      }),
    );
  });
}

function textOf({ on, samples, values, elements, rows }: Suspects): string {
  const start = `${formatCount(samples)} samples of ${on}, ${formatCount(values)} values, ${formatCompact(elements)} elements`;
  if (rows.length === 0) return `${start}\nNothing suspect.`;
  const rowsText = table<SuspectRow>(
    [
      { title: 'layer', cell: ({ layer }) => layer ?? 'input' },
      { title: 'op', cell: ({ op }) => op },
      { title: 'value', cell: ({ value }) => value },
      { title: 'shape', cell: ({ shape }) => formatShape(shape) },
      { title: 'suspect', cell: (row) => suspicionText(row).join('; ') },
    ],
    rows,
  );
  return `${start}\n${rowsText}`;
}
