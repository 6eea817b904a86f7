import type { Command } from 'commander';
import { formatShape } from '../../judge/format.ts';
import type { RunReport } from '../../contract/run-report.ts';
import { checkDims } from '../check-dims.ts';
import { exitCodeOf } from '../exit-codes.ts';
import {
  addCommonOptions,
  addDataOptions,
  addDimOption,
  optionalData,
  wholeNumber,
  type DataOptions,
  type DimOptions,
} from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
import { table } from '../text.ts';

interface Options extends CommonOptions, DimOptions, DataOptions {
  readonly batch: number;
  readonly inputs?: string;
  readonly sample: number;
}

/** `lapidary run MODEL`: the dimensions of every value, or which layer fails and why. */
export function addRunCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('run <model>')
    .description('run once: the dimensions of every value, or which layer fails, on what, and why')
    .option(
      '--inputs <path>',
      'inputs: .npz, .npy, .pb, or a folder of input_0.pb …; without, a sample of --data, or made',
    )
    .option('--sample <n>', 'the sample of --data, from 0', wholeNumber(0), 0)
    .option('--batch <n>', 'batch size', wholeNumber(1), 1);
  addDataOptions(addDimOption(addCommonOptions(command)), 'data whose sample is run').action(
    async (model: string, options: Options) => {
      let failed = false;
      const code = await runCommand(options, async (context) => {
        await checkDims(context, model, options.dim);
        const { batch, dim: dims, inputs = null, sample } = options;
        const settings = { batch, dims };
        const data = optionalData(options);
        const report = await context.operate('runReport', { path: model, settings, inputs, data, sample });
        failed = report.failure !== null;
        context.say(textOf(report));
        return report;
      });
      finish(code === 0 && failed ? exitCodeOf('RUNTIME_RUN_FAILED') : code);
    },
  );
}

type Told = RunReport['inputs'][number];

const typed = ({ dtype, shape }: Told): string => `${dtype ?? '?'} ${shape === null ? 'not told' : formatShape(shape)}`;

function textOf({ on, inputs, layers, values, failure }: RunReport): string {
  const made = table(
    [
      { title: 'layer', cell: ({ layer }) => layer },
      { title: 'op', cell: ({ op }) => op },
      { title: 'value', cell: ({ name }) => name },
      { title: 'is', cell: typed },
    ],
    values,
  );
  const start = `${on}: ${inputs.map((input) => `${input.name} ${typed(input)}`).join(', ')}`;
  if (failure === null) return `${start}\n${made}\nAll ${layers} layers run.`;
  const { layer, op, reason, advice, runtime } = failure;
  const came = failure.inputs.map(
    (input) =>
      `  ${input.name}  ${typed(input)}${input.values === null ? '' : ` = ${input.values.slice(0, 16).join(', ')}${input.values.length > 16 ? ' …' : ''}`}`,
  );
  return [
    start,
    ...(values.length === 0 ? [] : [made]),
    `Layer '${layer}' (${op}) fails: ${reason}`,
    'What came to it:',
    ...came,
    advice,
    `The runtime says: ${runtime}`,
  ].join('\n');
}
