import { Option, type Command } from 'commander';
import { addCommonOptions, addDataOptions, requiredData, wholeNumber, type DataOptions } from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
import type { ErrorTable } from '../../contract/results.ts';
import { formatNumber } from '../../judge/format.ts';
import { table } from '../text.ts';

type By = 'layer' | 'channel' | 'sample';

interface Options extends CommonOptions, DataOptions {
  readonly limit: number;
  readonly by: By;
}

/** `lapidary errors FLOAT QUANTIZED --data …`: where quantization hurts. */
export function addErrorsCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('errors <float> <quantized>')
    .description('the error that quantization makes in each layer, alone and accumulated')
    .option('--limit <n>', 'samples to measure on', wholeNumber(1), 32)
    .addOption(
      new Option('--by <what>', 'what the printed lines tell of: layers, their worst channels, or the worst samples')
        .choices(['layer', 'channel', 'sample'])
        .default('layer'),
    );
  addDataOptions(addCommonOptions(command), 'samples to measure on').action(
    async (float: string, quantized: string, options: Options) => {
      finish(
        await runCommand(options, async ({ operate, say }) => {
          const data = requiredData(options, 'errors are measured on real inputs');
          const result = await operate('errors', { float, quantized, data, limit: options.limit });
          say(TABLES[options.by](result));
          for (const note of result.notes) say(note);
          return result;
        }),
      );
    },
  );
}

const decibels = (value: number | null): string => (value === null ? '' : formatNumber(value));

/** What is printed; the JSON document has all of it. */
const TABLES: Readonly<Record<By, (result: ErrorTable) => string>> = {
  layer: ({ layers }) =>
    table(
      [
        { title: 'layer', cell: (layer) => layer.name },
        { title: 'op', cell: (layer) => layer.op },
        { title: 'weights dB', align: 'right', cell: (layer) => decibels(layer.weightSqnrDb) },
        { title: 'activations dB', align: 'right', cell: (layer) => decibels(layer.activationSqnrDb) },
        { title: 'local SQNR dB', align: 'right', cell: (layer) => decibels(layer.localSqnrDb) },
        { title: 'SQNR dB', align: 'right', cell: (layer) => decibels(layer.sqnrDb) },
        { title: 'cosine', align: 'right', cell: (layer) => layer.cosine.toFixed(5) },
        { title: 'MSE', align: 'right', cell: (layer) => layer.mse.toExponential(2) },
      ],
      layers,
    ),
  channel: ({ layers }) =>
    table(
      [
        { title: 'layer', cell: ({ name }) => name },
        { title: 'channels', align: 'right', cell: ({ channels }) => String(channels.length) },
        { title: 'worst dB', align: 'right', cell: ({ channels }) => decibels(Math.min(...channels)) },
        { title: 'worst channels', cell: ({ channels }) => worst(channels).join(' ') },
      ],
      layers.filter(({ channels }) => channels.length > 0),
    ),
  sample: ({ layers, perRun, samples }) => {
    const runs = layers[0]?.runs.length ?? 0;
    const output = layers.at(-1);
    return table(
      [
        { title: perRun === 1 ? 'sample' : 'samples', align: 'right', cell: (at: number) => span(at, perRun, samples) },
        { title: 'last layer dB', align: 'right', cell: (at) => decibels(output?.runs[at] ?? null) },
        { title: 'worst layer', cell: (at) => worstLayer(layers, at)?.name ?? '' },
        { title: 'its SQNR dB', align: 'right', cell: (at) => decibels(worstLayer(layers, at)?.runs[at] ?? null) },
      ],
      worst(output?.runs ?? [], runs),
    );
  },
};

/** Places of the smallest numbers, the smallest first. */
function worst(values: readonly number[], count = 8): number[] {
  return values
    .map((_, at) => at)
    .sort((a, b) => values[a]! - values[b]!)
    .slice(0, count);
}

function span(run: number, perRun: number, samples: number): string {
  const first = run * perRun;
  return perRun === 1 ? String(first) : `${first}–${Math.min(samples, first + perRun) - 1}`;
}

function worstLayer(layers: ErrorTable['layers'], run: number): ErrorTable['layers'][number] | undefined {
  return layers.reduce<ErrorTable['layers'][number] | undefined>(
    (least, layer) => (least === undefined || layer.runs[run]! < least.runs[run]! ? layer : least),
    undefined,
  );
}
