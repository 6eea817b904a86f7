import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { StudioError } from '../../base/errors.ts';
import { WHOLE_SET } from '../../contract/data.ts';
import { SEARCH_DEFAULTS, type Minimized, type SearchFloor, type SearchResult } from '../../contract/search.ts';
import { recipeOf } from '../../engine/search/choice.ts';
import { bestTrial } from '../../engine/search/rank.ts';
import { raceFinalists, searchPrecisions, type SearchPort, type SearchTrial } from '../../engine/search/search.ts';
import { trialId } from '../../engine/trial/identity.ts';
import { formatBytes, formatNumber, formatPercent } from '../../judge/format.ts';
import type { DatasetSource } from '../../services/operations/operation-map.ts';
import { describeSearch } from '../../services/search.ts';
import {
  addCommonOptions,
  addDataOptions,
  addRunOptions,
  addSplitOptions,
  duration,
  numberBetween,
  requiredData,
  runSettings,
  splitSettings,
  wholeNumber,
  type DataOptions,
  type RunOptions,
  type SplitOptions,
} from '../options.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { table } from '../text.ts';

interface Options extends CommonOptions, DataOptions, RunOptions, SplitOptions {
  readonly output: string;
  readonly maxDrop?: number;
  readonly minSqnr?: number;
  readonly minimize: Minimized;
  readonly trials: number;
  readonly time?: number;
  readonly samples: number;
  readonly limit?: number;
}

/** `lapidary search MODEL --data … --max-drop 0.005 -o OUT`: which layers run in int8. */
export function addSearchCommand(program: Command, finish: (code: number) => void): void {
  const { trials, samples, maxDrop } = SEARCH_DEFAULTS;
  const command = program
    .command('search <model>')
    .description('find which layers to run in int8: as fast (or small) as can be, above a floor')
    .requiredOption('-o, --output <file>', 'where the best model goes')
    .option(
      '--max-drop <share>',
      `accuracy that may be lost, without labels agreement with the float model, 0…1 (default: ${maxDrop})`,
      numberBetween(0, 1),
    )
    .option('--min-sqnr <dB>', 'in its place: least signal over noise of the outputs', numberBetween(-100, 200))
    .addOption(new Option('--minimize <what>', 'what is to be least').choices(['latency', 'size']).default('latency'))
    .option('--trials <n>', 'models that are made and measured at most', wholeNumber(1), trials)
    .option('--time <duration>', 'after which no other is begun: 90s, 10m, 1h', duration)
    .option('--samples <n>', 'calibration samples', wholeNumber(1), samples)
    .option('--limit <n>', 'evaluate on the first n samples only', wholeNumber(1));
  addSplitOptions(
    addDataOptions(addRunOptions(addCommonOptions(command)), 'data that evaluates, and a part of it that calibrates'),
    'another set that calibrates: --data then only evaluates',
  ).action(async (model: string, options: Options) => {
    finish(await runCommand(options, (context) => search(context, model, options)));
  });
}

async function search(context: CommandContext, model: string, options: Options): Promise<unknown> {
  const { operate, signal, say } = context;
  const { minimize, trials: most, samples, time, output } = options;
  const floor = floorOf(options);
  if (resolve(output) === resolve(model)) {
    throw new StudioError('USAGE', 'The output is the model itself', { hint: 'Name another file.' });
  }
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-search-'));
  try {
    const port = await filePort(context, model, options, folder);
    const { vnni } = (await operate('machine', {})).machine;
    const made: SearchTrial[] = [];
    const goal = { floor, minimize, trials: most, timeMs: time ?? null, samples, vnni };
    for await (const trial of searchPrecisions(port, goal, { signal, progress: () => undefined })) {
      made.push(trial);
      say(trialLine(trial));
    }
    const trials = await raceFinalists(made, minimize, port);
    const best = bestTrial(trials, minimize);
    const result = describeSearch(trials, { floor, minimize });
    if (best === undefined) {
      const kept = trials.some(({ keeps }) => keeps);
      const why = kept ? 'that keeps the floor is faster than the model as it is' : 'keeps the floor';
      say(`None of ${trials.length} trials ${why}; nothing was written.`);
      return { output: null, ...result };
    }
    const { bytes } = await operate('copyModel', { path: join(folder, `${best.id}.onnx`), output });
    say(summary(output, best, result));
    return { output: { path: output, bytes }, ...result };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function floorOf({ maxDrop, minSqnr }: Options): SearchFloor {
  if (maxDrop !== undefined && minSqnr !== undefined) {
    throw new StudioError('USAGE', '--max-drop and --min-sqnr both set a floor', { hint: 'Name one of the two.' });
  }
  return minSqnr === undefined ? { maxDrop: maxDrop ?? SEARCH_DEFAULTS.maxDrop } : { minSqnrDb: minSqnr };
}

/** What calibrates and what evaluates: parts of one set that share no sample, or two sets. */
function dataOf(options: Options): { readonly calibration: DatasetSource; readonly evaluation: DatasetSource } {
  const data = requiredData(options, 'trials are calibrated and evaluated on it');
  const { calibrationData } = options;
  const other = calibrationData !== undefined && resolve(calibrationData) !== resolve(data.path);
  const cut = splitSettings(options, !other);
  const part = (part: 'calibration' | 'evaluation') => (cut === null ? {} : { split: { part, ...cut } });
  const calibration = other
    ? { ...data, path: calibrationData, labelsPath: null }
    : { ...data, ...part('calibration') };
  return { calibration, evaluation: { ...data, ...(other ? {} : part('evaluation')) } };
}

/** Trials as files of a folder. */
async function filePort(
  { operate }: CommandContext,
  path: string,
  options: Options,
  folder: string,
): Promise<SearchPort> {
  const settings = runSettings(options);
  const { calibration, evaluation } = dataOf(options);
  const { model } = await operate('summary', { path, dims: options.dim });
  const { fingerprint } = await operate('dataset', calibration);
  const { machine } = await operate('machine', {});
  return {
    measure: async (choice) => {
      const recipe = recipeOf(choice);
      const data = { datasetId: fingerprint, split: calibration.split ?? WHOLE_SET };
      const id = trialId({ modelId: model.sha256, recipe, calibration: data }, machine);
      const output = join(folder, `${id}.onnx`);
      const { bytes } = await operate('apply', { path, recipe, calibration, settings, output });
      const limit = options.limit ?? null;
      const { evaluation: own, reference } = await operate('evaluate', {
        path: output,
        data: evaluation,
        settings,
        limit,
        reference: path,
      });
      const { latencies, ratios } = await operate('latency', { paths: [path, output], settings });
      const [before, after] = [reference?.metrics['top1'], own.metrics['top1']];
      return {
        id,
        drop: before === undefined || after === undefined ? null : before.value - after.value,
        agreement: own.agreement?.value ?? null,
        sqnrDb: own.sqnrDb,
        latencyMs: latencies[1]!.p50Ms,
        latencyRatio: ratios[1]!.value,
        bytes,
      };
    },
    space: async (choice) =>
      (await operate('searchSpace', { path, calibration, recipe: recipeOf(choice), minimize: options.minimize })) ??
      undefined,
    race: async (ids) => {
      const paths = [path, ...ids.map((id) => join(folder, `${id}.onnx`))];
      const { latencies, calmRatios } = await operate('latency', { paths, settings });
      return new Map(
        ids.map((id, at) => [id, { latencyMs: latencies[at + 1]!.p50Ms, latencyRatio: calmRatios[at + 1]! }]),
      );
    },
  };
}

function qualityText({ drop, agreement, sqnrDb }: SearchTrial): string {
  return [
    drop === null ? '' : `drop ${(drop * 100).toFixed(2)} points`,
    agreement === null ? '' : `agreement ${formatPercent(agreement)}`,
    sqnrDb === null ? '' : `${sqnrDb.toFixed(1)} dB`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function trialLine(trial: SearchTrial): string {
  const { latencyRatio, latencyMs, bytes, keeps, name } = trial;
  const time = `${formatNumber(latencyMs)} ms (${formatPercent(latencyRatio)} of float)`;
  return `  ${keeps ? 'keeps' : 'fails'}  ${time}, ${formatBytes(bytes)}, ${qualityText(trial)}: ${name}`;
}

function summary(output: string, best: SearchTrial, { trials, front }: SearchResult): string {
  const rows = front.map((id) => trials.find((trial) => trial.id === id)!);
  const lines = table(
    [
      { title: 'of float', align: 'right', cell: ({ latency }) => formatPercent(latency.ratio) },
      { title: 'size', align: 'right', cell: ({ bytes }) => formatBytes(bytes) },
      { title: 'dB', align: 'right', cell: ({ metrics }) => metrics.sqnrDb?.toFixed(1) ?? '' },
      { title: 'best', cell: ({ id }) => (id === best.id ? 'best' : '') },
      { title: 'how', cell: ({ name }) => name },
    ],
    rows,
  );
  return `The front of ${trials.length} trials:\n${lines}\n${output}: ${formatBytes(best.bytes)}, ${formatPercent(best.latencyRatio)} of the float model's time, ${qualityText(best)}`;
}
