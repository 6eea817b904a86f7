import { basename } from 'node:path';
import type { Command } from 'commander';
import type { RunSettings } from '../../contract/machine.ts';
import type { Circumstances, Paired } from '../../contract/measurement.ts';
import type { Comparison } from '../../contract/studio.ts';
import { StudioError } from '../../base/errors.ts';
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
import { version } from '../../host/engine.ts';
import { formatDb, formatMs, formatNumber } from '../../judge/format.ts';
import { formatCompared, sayComparison } from '../../judge/comparison.ts';
import { findMetric } from '../../judge/metrics.ts';
import { latencyPair, outcomesPair, type PairOf } from '../../judge/pairing.ts';
import {
  evaluationMeasurements,
  latencyMeasurements,
  profileMeasurements,
  softwareOf,
} from '../../services/measurements.ts';
import { circumstancesOn } from '../../services/operations/circumstances.ts';
import type { EvaluatedModel } from '../../services/operations/operation-map.ts';
import { table } from '../text.ts';

type MetricRow = Comparison['metrics'][number];
type LayerRow = Comparison['layers'][number];

interface Options extends CommonOptions, EvaluationOptions {
  readonly profile?: boolean;
}

/** `lapidary compare A B`: two models side by side. */
export function addCompareCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('compare <a> <b>')
    .description('two models side by side: graph, size, time, accuracy')
    .option('--limit <n>', 'only the first n samples of the data', wholeNumber(1))
    .option('--profile', 'profile both, for the time of each layer');
  addSplitOptions(
    addDataOptions(addRunOptions(addCommonOptions(command)), 'data to compare accuracy or outputs on'),
    CALIBRATION_DATA_HELP,
  ).action(async (a: string, b: string, options: Options) => {
    finish(
      await runCommand(options, async (context) => {
        const result = await compare(context, [a, b], options);
        context.say(summary(result));
        return result;
      }),
    );
  });
}

async function compare(
  context: CommandContext,
  paths: readonly [string, string],
  options: Options,
): Promise<Comparison> {
  const { operate } = context;
  const settings = runSettings(options);
  for (const path of paths) await checkDims(context, path, options.dim);
  const timed = await operate('latency', { paths, settings });
  const evaluated = await evaluateBoth(context, paths, options);
  const at = Date.now();
  const software = softwareOf(version(), timed.machine);
  const sides = [];
  for (const [index, path] of paths.entries()) {
    const profile = options.profile === true ? await operate('profile', profileParams(path, settings)) : null;
    const measuredAs = (circumstances: Circumstances) => ({ trialId: path, circumstances, software, at });
    const { evaluation, circumstances } = evaluated[index] ?? {};
    const measurements = [
      ...latencyMeasurements(timed.latencies[index]!, measuredAs(timed.circumstances[index]!)),
      ...(evaluation === undefined ? [] : evaluationMeasurements(evaluation, measuredAs(circumstances!))),
      ...(profile === null ? [] : profileMeasurements(profile, measuredAs(circumstancesOn(profile.machine, profile)))),
    ];
    sides.push({ id: path, name: basename(path), path, sources: null, profile, measurements });
  }
  const [a, b] = sides;
  if (a === undefined || b === undefined) throw new RangeError('compare takes two models');
  const pairOf = (circumstances: Circumstances) => ({ trialId: b.id, referenceId: a.id, circumstances, at });
  const pairs = [
    latencyPair(pairOf(timed.circumstances[1]!), timed.ratios[1]!, timed.latencies[1]!.runs),
    ...accuracyPairs(evaluated[0], evaluated[1], pairOf),
  ];
  return operate('compare', { a, b, related: false, pairs, keys: [] });
}

const profileParams = (path: string, settings: RunSettings) =>
  ({ path, settings, runs: null, warmup: null, inputs: null, trace: null }) as const;

/** B against A on the same samples; agreement is of B with A, which has none of its own to be compared with. */
function accuracyPairs(
  a: EvaluatedModel | null,
  b: EvaluatedModel | null,
  pairOf: (circumstances: Circumstances) => PairOf,
): Paired[] {
  if (a === null || b === null) return [];
  const outcomes = { trial: b.outcomes, reference: a.outcomes, baseline: undefined };
  return (['top1', 'top5'] as const).flatMap((metric) => outcomesPair(metric, pairOf(b.circumstances), outcomes) ?? []);
}

async function evaluateBoth(
  context: CommandContext,
  [a, b]: readonly [string, string],
  options: Options,
): Promise<readonly [EvaluatedModel | null, EvaluatedModel | null]> {
  const data = evaluationData(options);
  if (data === null) return [null, null];
  const first = await evaluateModelOn(context, { path: a, data, reference: null }, options).catch((error: unknown) => {
    // Without labels there is nothing to say of A alone; B is still compared with it.
    if (error instanceof StudioError && error.code === 'DATA_LABELS_MISSING') return null;
    throw error;
  });
  return [first, await evaluateModelOn(context, { path: b, data, reference: a }, options)];
}

function valueText({ id }: MetricRow, value: number | null, interval: readonly [number, number] | null): string {
  return value === null ? '' : formatCompared(findMetric(id ?? ''), value, interval);
}

function summary(result: Comparison): string {
  const changed = result.layers.filter((layer) => layer.status !== 'same');
  const time = (ms: number | null, fused: LayerRow['fusedA']): string => {
    if (fused !== null) return fused.timeMs === null ? 'fused' : `in ${formatMs(fused.timeMs)}`;
    return ms === null ? '' : formatMs(ms);
  };
  const ground = [...new Set(result.metrics.flatMap(({ circumstances }) => circumstances ?? []))];
  return [
    table(
      [
        { title: '', cell: (row) => row.metric },
        { title: result.a.name, align: 'right', cell: (row) => valueText(row, row.a, row.aInterval) },
        { title: result.b.name, align: 'right', cell: (row) => valueText(row, row.b, row.bInterval) },
        { title: 'b/a', align: 'right', cell: (row) => (row.ratio === null ? '' : formatNumber(row.ratio)) },
        { title: `${result.b.name} is`, cell: (row) => sayComparison({ ...row, metric: findMetric(row.id ?? '') }) },
      ],
      result.metrics,
    ),
    ...ground.map((line) => `  measured    ${line}`),
    '',
    `${changed.length} of ${result.layers.length} layers differ`,
    ...(changed.length === 0
      ? []
      : [
          table(
            [
              {
                title: 'layer',
                cell: ({ name, nameB }) => (nameB === null ? name : `${name} → ${nameB}`),
              },
              { title: 'what', cell: (layer) => layer.status },
              { title: 'op', cell: ({ opA, opB }) => (opA === opB ? (opA ?? '') : `${opA ?? '—'} → ${opB ?? '—'}`) },
              { title: 'time a', align: 'right', cell: (layer) => time(layer.timeAMs, layer.fusedA) },
              { title: 'time b', align: 'right', cell: (layer) => time(layer.timeBMs, layer.fusedB) },
              {
                title: 'weights',
                align: 'right',
                cell: ({ weights }) => (weights === null ? '' : formatDb(weights.sqnrDb)),
              },
              { title: 'matched by', cell: (layer) => layer.matchedBy ?? '' },
              { title: 'changes', cell: (layer) => layer.changes.join(', ') },
            ],
            changed,
          ),
        ]),
  ].join('\n');
}
