import type { Command } from 'commander';
import type { Inspect } from '../../contract/results.ts';
import { checkDims } from '../check-dims.ts';
import { addCommonOptions, addDimOption, type DimOptions } from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';
import { formatBytes, formatCompact } from '../../judge/format.ts';
import { table, typeText } from '../text.ts';

/** `lapidary inspect MODEL`: what is in it. */
export function addInspectCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('inspect <model>')
    .description('what is in a model: operators, shapes, costs, problems');
  command.option('--layers', 'print the table of layers too');
  addDimOption(addCommonOptions(command)).action(
    async (model: string, options: CommonOptions & DimOptions & { layers?: boolean }) => {
      let invalid = false;
      const code = await runCommand(options, async ({ operate, say }) => {
        await checkDims({ operate }, model, options.dim);
        const result = await operate('inspect', { path: model, dims: options.dim, scanWeights: true });
        say(summary(result));
        if (options.layers === true) say(`\n${layers(result)}`);
        invalid = result.problems.some(({ severity }) => severity === 'error');
        return result;
      });
      // All that can be told is told; the problems still make it bad input.
      finish(code === 0 && invalid ? 3 : code);
    },
  );
}

function summary(result: Inspect): string {
  const { model, inputs, outputs, nodes, operators, parameters, parameterBytes, macs, assumedDims, problems } = result;
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const assumed = Object.entries(assumedDims).map(([name, size]) => `${name} = ${size}`);
  const unknown = result.layers.filter((layer) => layer.macs === null).length;
  const operatorList = Object.entries(operators)
    .toSorted((a, b) => b[1] - a[1])
    .map(([op, times]) => `${op} ${times}`);
  const external = model.externalBytes > 0 ? ` + ${formatBytes(model.externalBytes)} external data` : '';
  const uncounted = unknown > 0 ? `, ${unknown} layers of unknown cost not counted` : '';
  return [
    `${model.path}`,
    `  file        ${formatBytes(model.bytes)}${external}, sha256 ${model.sha256.slice(0, 16)}…`,
    `  format      IR ${model.irVersion}, opset ${opsets.join(', ')}${model.producer === '' ? '' : `, by ${model.producer}`}`,
    ...inputs.map((value) => `  input       ${value.name}: ${typeText(value.dtype, value.shape)}`),
    ...outputs.map((value) => `  output      ${value.name}: ${typeText(value.dtype, value.shape)}`),
    `  layers      ${nodes}: ${operatorList.join(', ')}`,
    `  parameters  ${formatCompact(parameters)} (${formatBytes(parameterBytes)})`,
    `  MACs        ${formatCompact(macs)}${assumed.length > 0 ? ` with ${assumed.join(', ')}` : ''}${uncounted}`,
    ...problems.map(
      (p) => `  ${p.severity.padEnd(10)}  ${p.code}: ${p.message}${p.layer === null ? '' : ` (${p.layer})`}`,
    ),
  ].join('\n');
}

function layers(result: Inspect): string {
  return table(
    [
      { title: 'layer', cell: (layer) => layer.name },
      { title: 'op', cell: (layer) => layer.op },
      {
        title: 'output',
        cell: ({ outputs: [first] }) => (first === undefined ? '' : typeText(first.dtype, first.shape)),
      },
      { title: 'parameters', align: 'right', cell: (layer) => formatCompact(layer.parameters) },
      { title: 'MACs', align: 'right', cell: (layer) => (layer.macs === null ? '?' : formatCompact(layer.macs)) },
      { title: 'moved', align: 'right', cell: (layer) => (layer.bytes === null ? '?' : formatBytes(layer.bytes)) },
    ],
    result.layers,
  );
}
