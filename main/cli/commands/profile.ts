import type { Command } from 'commander';
import type { Profile } from '../../contract/results.ts';
import { checkDims } from '../check-dims.ts';
import { addCommonOptions, addRunOptions, runSettings, wholeNumber, type RunOptions } from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
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
    .option('--top <n>', 'layers in the printed table', wholeNumber(1), 20);
  addRunOptions(addCommonOptions(command)).action(async (model: string, options: Options) => {
    finish(
      await runCommand(options, async ({ operate, say }) => {
        await checkDims({ operate }, model, options.dim);
        const result = await operate('profile', {
          path: model,
          settings: runSettings(options),
          runs: options.runs ?? null,
          warmup: options.warmup ?? null,
          inputs: options.inputs ?? null,
          trace: options.trace ?? null,
        });
        say(summary(result, options.top));
        if (options.roofline !== true) return result;
        const roofline = await measureRoofline(operate, result);
        say(rooflineText(roofline, options.top));
        return { ...result, roofline };
      }),
    );
  });
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
    `  profiled    p50 ${formatMs(profiled.p50Ms)} (measuring each kernel costs time); outside kernels ${formatMs(unattributedMs)}`,
    `  memory      peak ${formatBytes(memory.peakBytes)}, of it ${formatBytes(memory.sessionBytes)} after loading`,
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
