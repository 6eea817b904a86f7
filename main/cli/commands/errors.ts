import type { Command } from 'commander';
import { addCommonOptions, addDataOptions, requiredData, wholeNumber, type DataOptions } from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
import { formatNumber } from '../../judge/format.ts';
import { table } from '../text.ts';

interface Options extends CommonOptions, DataOptions {
  readonly limit: number;
}

/** `lapidary errors FLOAT QUANTIZED --data …`: where quantization hurts. */
export function addErrorsCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('errors <float> <quantized>')
    .description('the error that quantization makes in each layer, alone and accumulated')
    .option('--limit <n>', 'samples to measure on', wholeNumber(1), 32);
  addDataOptions(addCommonOptions(command), 'samples to measure on').action(
    async (float: string, quantized: string, options: Options) => {
      finish(
        await runCommand(options, async ({ operate, say }) => {
          const data = requiredData(options, 'errors are measured on real inputs');
          const result = await operate('errors', { float, quantized, data, limit: options.limit });
          const decibels = (value: number | null): string => (value === null ? '' : formatNumber(value));
          say(
            table(
              [
                { title: 'layer', cell: (layer) => layer.name },
                { title: 'op', cell: (layer) => layer.op },
                { title: 'local SQNR dB', align: 'right', cell: (layer) => decibels(layer.localSqnrDb) },
                { title: 'SQNR dB', align: 'right', cell: (layer) => decibels(layer.sqnrDb) },
                { title: 'cosine', align: 'right', cell: (layer) => layer.cosine.toFixed(5) },
                { title: 'MSE', align: 'right', cell: (layer) => layer.mse.toExponential(2) },
              ],
              result.layers,
            ),
          );
          for (const note of result.notes) say(note);
          return result;
        }),
      );
    },
  );
}
