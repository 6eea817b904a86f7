import { Option, type Command } from 'commander';
import { addCommonOptions, addDataOptions, requiredData, wholeNumber, type DataOptions } from '../options.ts';
import type { DatasetSource } from '../../services/operations/operation-map.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { StudioError } from '../../base/errors.ts';
import { LAYER_WAYS, type LayerTrialRow, type LayerTrials, type Tried } from '../../contract/layer-trials.ts';
import type { ErrorTable } from '../../contract/results.ts';
import { formatDb, formatNumber } from '../../judge/format.ts';
import { noiseTogether } from '../../judge/predict/noise.ts';
import { table } from '../text.ts';

type By = 'layer' | 'channel' | 'sample' | 'scheme' | 'bits';

interface Options extends CommonOptions, DataOptions {
  readonly limit: number;
  readonly by: By;
}

/** `lapidary errors FLOAT QUANTIZED --data …`: where quantization hurts. */
export function addErrorsCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('errors <float> [quantized]')
    .description('the error that quantization makes in each layer, alone and accumulated')
    .option('--limit <n>', 'samples to measure on', wholeNumber(1), 32)
    .addOption(
      new Option(
        '--by <what>',
        'layers, their worst channels, or the worst samples of a quantized model; or each layer of the float one alone, under schemes or with few bits',
      )
        .choices(['layer', 'channel', 'sample', 'scheme', 'bits'])
        .default('layer'),
    );
  addDataOptions(addCommonOptions(command), 'samples to measure on').action(
    async (float: string, quantized: string | undefined, options: Options) => {
      finish(
        await runCommand(options, async ({ operate, say }) => {
          const data = requiredData(options, 'errors are measured on real inputs');
          const { limit, by } = options;
          if (by === 'scheme' || by === 'bits') {
            const trials = await tryLayers(operate, {
              path: float,
              data,
              limit,
              tried: by === 'bits' ? 'bits' : 'schemes',
            });
            const together = noiseTogether(trials);
            say(`${trialTable(trials)}\n${togetherWords(trials, together)}`);
            return { ...trials, together: trials.ways.map((way, at) => ({ way, sqnrDb: together[at] ?? null })) };
          }
          if (quantized === undefined) {
            throw new StudioError('USAGE', 'The quantized model is missing', {
              hint: 'Name it after the float one, or ask for --by scheme or --by bits.',
            });
          }
          const result = await operate('errors', { float, quantized, data, limit });
          say(TABLES[by](result));
          for (const note of result.notes) say(note);
          return result;
        }),
      );
    },
  );
}

const decibels = (value: number | null): string => (value === null ? '' : formatNumber(value));

/** What is printed; the JSON document has all of it. */
const TABLES: Readonly<Record<Exclude<By, 'scheme' | 'bits'>, (result: ErrorTable) => string>> = {
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

interface LayerTrialRun {
  readonly path: string;
  readonly data: DatasetSource;
  readonly limit: number;
  readonly tried: Tried;
}

/** Every layer alone, one after the other. */
async function tryLayers(operate: CommandContext['operate'], run: LayerTrialRun): Promise<Omit<LayerTrials, 'data'>> {
  const rows: LayerTrialRow[] = [];
  for (;;) {
    const found = await operate('layerTrials', { ...run, layer: rows.length });
    if (found === null) throw new StudioError('UNSUPPORTED', 'No layer of this model can be quantized');
    const { row, ...told } = found;
    rows.push(row);
    if (rows.length >= told.layers) {
      return { tried: run.tried, ways: LAYER_WAYS[run.tried].map(({ key }) => key), ...told, rows };
    }
  }
}

function togetherWords({ ways }: Pick<LayerTrials, 'ways'>, together: readonly (number | null)[]): string {
  const told = ways.flatMap((way, at) => {
    const sqnrDb = together[at] ?? null;
    return sqnrDb === null ? [] : [`${way} ${formatDb(sqnrDb)}`];
  });
  return `all layers together, predicted (noise powers add up): ${told.join(', ')}`;
}

function trialTable({ tried, rows, measure }: Omit<LayerTrials, 'data'>): string {
  const what = measure === 'divergence' ? 'KL of the outputs, nats' : 'error of the outputs over their square';
  const columns = LAYER_WAYS[tried].map(({ key }, at) => ({
    title: key,
    align: 'right' as const,
    cell: ({ cells }: LayerTrialRow) => {
      const cell = cells[at];
      return cell === null || cell === undefined ? '' : (cell.loss?.toExponential(1) ?? 'NaN');
    },
  }));
  return `${table([{ title: 'layer', cell: ({ layer }) => layer }, ...columns], rows)}\n${what}`;
}
