import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Comparison } from '../../contract/studio.ts';
import type { Evaluation } from '../../contract/results.ts';
import { StudioError } from '../../base/errors.ts';
import { checkDims } from '../check-dims.ts';
import {
  addCommonOptions,
  addDataOptions,
  addRunOptions,
  optionalData,
  runSettings,
  wholeNumber,
  type DataOptions,
  type RunOptions,
} from '../options.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { formatMs, formatNumber } from '../../judge/format.ts';
import { table } from '../text.ts';

interface Options extends CommonOptions, RunOptions, DataOptions {
  readonly limit?: number;
  readonly profile?: boolean;
}

/** `lapidary compare A B`: two models side by side. */
export function addCompareCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('compare <a> <b>')
    .description('two models side by side: graph, size, time, accuracy')
    .option('--limit <n>', 'only the first n samples of the data', wholeNumber(1))
    .option('--profile', 'profile both, for the time of each layer');
  addDataOptions(addRunOptions(addCommonOptions(command)), 'data to compare accuracy or outputs on').action(
    async (a: string, b: string, options: Options) => {
      finish(
        await runCommand(options, async (context) => {
          const result = await compare(context, [a, b], options);
          context.say(summary(result));
          return result;
        }),
      );
    },
  );
}

async function compare(
  context: CommandContext,
  paths: readonly [string, string],
  options: Options,
): Promise<Comparison> {
  const { operate } = context;
  const settings = runSettings(options);
  for (const path of paths) await checkDims(context, path, options.dim);
  const { latencies } = await operate('latency', { paths, settings });
  const evaluations = await evaluateBoth(context, paths, options);
  const sides = await Promise.all(
    paths.map(async (path, index) => ({
      id: path,
      name: basename(path),
      path,
      latency: latencies[index] ?? null,
      evaluation: evaluations[index] ?? null,
      profile: null,
    })),
  );
  const [a, b] = sides;
  if (a === undefined || b === undefined) throw new RangeError('compare takes two models');
  if (options.profile !== true) return operate('compare', { a, b });
  const profileOf = (path: string) =>
    operate('profile', { path, settings, runs: null, warmup: null, inputs: null, trace: null });
  // One after the other: measurements must have the machine to themselves.
  const profileA = await profileOf(a.path);
  const profileB = await profileOf(b.path);
  return operate('compare', { a: { ...a, profile: profileA }, b: { ...b, profile: profileB } });
}

async function evaluateBoth(
  { operate }: CommandContext,
  [a, b]: readonly [string, string],
  options: Options,
): Promise<readonly (Evaluation | null)[]> {
  const data = optionalData(options);
  if (data === null) return [null, null];
  const settings = runSettings(options);
  const limit = options.limit ?? null;
  const first = await operate('evaluate', { path: a, data, settings, limit, reference: null }).catch(
    (error: unknown) => {
      // Without labels there is nothing to say of A alone; B is still compared with it.
      if (error instanceof StudioError && error.code === 'DATA_LABELS_MISSING') return null;
      throw error;
    },
  );
  return [first, await operate('evaluate', { path: b, data, settings, limit, reference: a })];
}

function summary(result: Comparison): string {
  const cell = (value: number | null): string => (value === null ? '' : formatNumber(value));
  const changed = result.layers.filter((layer) => layer.status !== 'same');
  const time = (value: number | null): string => (value === null ? '' : formatMs(value));
  return [
    table(
      [
        { title: '', cell: (row) => row.metric },
        { title: result.a.name, align: 'right', cell: (row) => cell(row.a) },
        { title: result.b.name, align: 'right', cell: (row) => cell(row.b) },
        { title: 'unit', cell: (row) => row.unit },
        { title: 'b/a', align: 'right', cell: (row) => cell(row.ratio) },
      ],
      result.metrics,
    ),
    '',
    `${changed.length} of ${result.layers.length} layers differ`,
    ...(changed.length === 0
      ? []
      : [
          table(
            [
              { title: 'layer', cell: (layer) => layer.name },
              { title: 'what', cell: (layer) => layer.status },
              { title: 'op', cell: ({ opA, opB }) => (opA === opB ? (opA ?? '') : `${opA ?? '—'} → ${opB ?? '—'}`) },
              { title: 'time a', align: 'right', cell: (layer) => time(layer.timeAMs) },
              { title: 'time b', align: 'right', cell: (layer) => time(layer.timeBMs) },
              { title: 'changes', cell: (layer) => layer.changes.join(', ') },
            ],
            changed,
          ),
        ]),
  ].join('\n');
}
