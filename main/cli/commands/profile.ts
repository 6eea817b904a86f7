import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { SWEEP_AXES, sweepRequestSchema, type SweepAxis } from '../../contract/sweep.ts';
import { CODE_LANGUAGES, type CodeLanguage } from '../../judge/profile/session-code.ts';
import type { OperationParams } from '../../services/operations/operation-map.ts';
import { sweepAxes, sweepText } from '../sweep.ts';
import type { Profile } from '../../contract/results.ts';
import { measuredEnergyText } from '../../judge/profile/measured-energy.ts';
import { checkDims } from '../check-dims.ts';
import { addCommonOptions, addRunOptions, runSettings, wholeNumber, type RunOptions } from '../options.ts';
import { comparedText, readProfile } from '../compared-profiles.ts';
import { compareProfiles } from '../../judge/profile/compare.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { formatBytes, formatMs, formatNumber, formatPercent } from '../../judge/format.ts';
import { loadingSteps } from '../../judge/profile/loading.ts';
import { measureRoofline, rooflineText } from '../roofline.ts';
import { waterfallOf, waterfallWords } from '../../judge/profile/waterfall.ts';
import { table } from '../text.ts';

interface Options extends CommonOptions, RunOptions {
  readonly runs?: number;
  readonly warmup?: number;
  readonly inputs?: string;
  readonly trace?: string;
  readonly top: number;
  readonly roofline?: boolean;
  readonly energy?: boolean;
  readonly import?: string;
  readonly optimised?: string;
  readonly against?: string;
  readonly sweep?: SweepAxis[];
  readonly code: CodeLanguage;
}

/** `lapidary profile MODEL`: what each layer costs on this machine. */
export function addProfileCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('profile <model>')
    .description('what a model costs on this machine: latency, time of every layer, memory')
    .option('--runs <n>', 'timed runs (default: at least 100, or 2 s)', wholeNumber(1))
    .option('--warmup <n>', 'runs before (default: until the time is stable)', wholeNumber(0))
    .option('--inputs <file>', 'inputs from .npz, .npy or ONNX .pb instead of random ones')
    .option('--trace <file>', 'write the raw trace, which Perfetto opens')
    .option('--roofline', 'also what each layer could take on this machine, whose peaks are measured once (5 s)')
    .option('--energy', 'also energy from the sensors of this machine, or why there is none (6 s)')
    .option('--import <trace>', 'read a trace that ONNX Runtime wrote elsewhere instead of measuring')
    .option('--optimised <model>', 'with --import: the graph that was executed (optimized_model_filepath)')
    .option('--against <profile>', 'compare with the profile of an earlier --json, layer by layer')
    .option('--sweep <axes>', `also other session settings: all, or some of ${SWEEP_AXES.join(',')}`, sweepAxes)
    .addOption(
      new Option('--code <language>', 'language of the recommended settings').choices(CODE_LANGUAGES).default('python'),
    )
    .option('--top <n>', 'layers in the printed table', wholeNumber(1), 20);
  addRunOptions(addCommonOptions(command)).action(async (model: string, options: Options) => {
    finish(
      await runCommand(options, async ({ operate, say }) => {
        const earlier = options.against === undefined ? undefined : await readProfile(options.against);
        const result = await profileOf({ operate }, model, options);
        say(summary(result, options.top));
        const compared = earlier && compareProfiles(earlier, result);
        if (compared !== undefined) say(comparedText(compared, options.top));
        const roofline = options.roofline === true ? await measureRoofline(operate, result) : undefined;
        if (roofline !== undefined) say(rooflineText(roofline, options.top));
        const energy =
          options.energy === true
            ? await operate('energy', { path: model, settings: runSettings(options) })
            : undefined;
        if (energy !== undefined) say(measuredEnergyText(energy).join('\n'));
        const sweep = options.sweep === undefined ? undefined : await operate('sweep', sweepOf(model, options));
        if (sweep !== undefined) say(sweepText(sweep, options.code, basename(model)));
        return {
          ...result,
          ...(compared && { compared }),
          ...(roofline && { roofline }),
          ...(energy && { energy }),
          ...(sweep && { sweep }),
        };
      }),
    );
  });
}

async function profileOf(
  { operate }: Pick<CommandContext, 'operate'>,
  model: string,
  options: Options,
): Promise<Profile> {
  if (options.import !== undefined) {
    return operate('importTrace', { path: model, trace: options.import, optimised: options.optimised ?? null });
  }
  await checkDims({ operate }, model, options.dim);
  return operate('profile', {
    path: model,
    settings: runSettings(options),
    runs: options.runs ?? null,
    warmup: options.warmup ?? null,
    inputs: options.inputs ?? null,
    trace: options.trace ?? null,
  });
}

function sweepOf(path: string, options: Options): OperationParams<'sweep'> {
  const { provider, threads, batch, dims } = runSettings(options);
  return { path, ...sweepRequestSchema.parse({ base: { provider, threads, batch }, dims, axes: options.sweep }) };
}

interface Step {
  readonly title: string;
  readonly ms: number;
  readonly isTotal: boolean;
  readonly help: string;
  readonly unknown?: boolean;
}

/** Steps that add up, totals marked, each explained. */
function stepTable(title: string, steps: readonly Step[]): string {
  return table(
    [
      { title, cell: ({ title: name, isTotal }) => (isTotal ? `= ${name}` : `  ${name}`) },
      { title: 'time', align: 'right', cell: ({ ms, unknown }) => (unknown === true ? 'not told' : formatMs(ms)) },
      { title: 'meaning', cell: ({ help }) => help },
    ],
    steps,
  );
}

function summary(result: Profile, top: number): string {
  const { machine, latency, profiled, layers, unattributedMs, memory, notes } = result;
  const waterfall = waterfallOf(result);
  const loading = loadingSteps(result);
  const slowest = layers.toSorted((a, b) => b.timeMs - a.timeMs).slice(0, top);
  return [
    `${machine.cpu}, ${machine.provider}, ${machine.threads} threads, ONNX Runtime ${machine.onnxruntime}, batch ${result.batch}`,
    `  latency     p50 ${formatMs(latency.p50Ms)}, p90 ${formatMs(latency.p90Ms)}, p99 ${formatMs(latency.p99Ms)}, σ ${formatMs(latency.stdMs)} (${latency.runs} runs after ${latency.warmup})`,
    ...(result.imported === undefined
      ? []
      : [`  imported    ${result.imported}: all times under the profiler, elsewhere`]),
    `  profiled    p50 ${formatMs(profiled.p50Ms)} (measuring each kernel costs time); outside kernels ${formatMs(unattributedMs)}`,
    ...(result.imported === undefined
      ? [`  memory      peak ${formatBytes(memory.peakBytes)}, of it ${formatBytes(memory.sessionBytes)} after loading`]
      : []),
    ...(waterfall === null
      ? []
      : ['', stepTable("where a run's time goes", waterfall.steps), waterfallWords(waterfall)]),
    ...(loading === null ? [] : ['', stepTable('loading and first run', loading)]),
    '',
    ...notes.map((note) => `  note        ${note}`),
    '',
    table(
      [
        { title: 'layer', cell: (layer) => layer.name },
        { title: 'op', cell: (layer) => layer.op },
        { title: 'time', align: 'right', cell: (layer) => formatMs(layer.timeMs) },
        { title: 'share', align: 'right', cell: (layer) => formatPercent(layer.share) },
        {
          title: 'GMAC/s',
          align: 'right',
          cell: ({ gmacsPerSecond }) => (gmacsPerSecond === null ? '' : formatNumber(gmacsPerSecond)),
        },
      ],
      slowest,
    ),
    ...(layers.length > top ? [`… and ${layers.length - top} more (--top ${layers.length}, or --json)`] : []),
  ].join('\n');
}
