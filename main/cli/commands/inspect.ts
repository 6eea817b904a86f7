import type { Command } from 'commander';
import type { LayerJson } from '../../contract/layer-json.ts';
import type { Inspect, LayerInfo } from '../../contract/results.ts';
import { checkDims } from '../check-dims.ts';
import { layersWhere } from '../layer-query.ts';
import { addCommonOptions, addDimOption, type DimOptions } from '../options.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { formatBytes, formatCompact } from '../../judge/format.ts';
import { table, typeText } from '../text.ts';

/** `lapidary inspect MODEL`: what is in it. */
export function addInspectCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('inspect <model>')
    .description('what is in a model: operators, shapes, costs, problems');
  command.option('--layers', 'print the table of layers too');
  command.option(
    '--where <query>',
    'only the layers that a query asks for: "op:Conv @group>1 macs>1M" (the language of the window\'s search)',
  );
  command.option(
    '--layer <name>',
    'one layer as JSON: attributes with their values, inputs and outputs with their types',
  );
  addDimOption(addCommonOptions(command)).action(
    async (
      model: string,
      options: CommonOptions & DimOptions & { layers?: boolean; where?: string; layer?: string },
    ) => {
      const { layer } = options;
      if (layer !== undefined) {
        const tell = async ({ operate, say }: CommandContext): Promise<LayerJson> => {
          const told = await operate('layerJson', { path: model, source: null, sources: null, layer });
          say(JSON.stringify(told, null, 2));
          return told;
        };
        finish(await runCommand(options, tell));
        return;
      }
      let invalid = false;
      const code = await runCommand(options, async ({ operate, say }) => {
        await checkDims({ operate }, model, options.dim);
        const result = await operate('inspect', { path: model, dims: options.dim, scanWeights: true });
        const found = options.where === undefined ? null : await layersWhere({ operate }, result, options.where);
        const shown =
          found === null ? result : { ...result, layers: result.layers.filter(({ layer }) => found.has(layer)) };
        say(summary(result));
        if (found !== null) say(`  found       ${found.size} of ${mainRows(result).length} layers: ${options.where}`);
        if (options.layers === true || found !== null) say(`\n${layers(shown)}`);
        invalid = result.problems.some(({ severity }) => severity === 'error');
        return shown;
      });
      // All that can be told is told; the problems still make it bad input.
      finish(code === 0 && invalid ? 3 : code);
    },
  );
}

function summary(result: Inspect): string {
  const { model, inputs, outputs, parameters, parameterBytes, macs, assumedDims, problems } = result;
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const assumed = Object.entries(assumedDims).map(([name, size]) => `${name} = ${size}`);
  const unknown = result.layers.filter((layer) => layer.macs === null).length;
  const computing = mainRows(result);
  const operatorList = countOperators(computing)
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
    `  layers      ${computing.length}: ${operatorList.join(', ')}`,
    `  nodes       ${result.layers.length} as written`,
    `  parameters  ${formatCompact(parameters)} (${formatBytes(parameterBytes)})`,
    `  MACs        ${formatCompact(macs)}${assumed.length > 0 ? ` with ${assumed.join(', ')}` : ''}${uncounted}`,
    ...problems.map(
      (p) => `  ${p.severity.padEnd(10)}  ${p.code}: ${p.message}${p.layer === null ? '' : ` (${p.layer})`}`,
    ),
  ].join('\n');
}

/** Every layer with the weights and the work of all nodes that belong to it. */
function layers(result: Inspect): string {
  const rows = Map.groupBy(result.layers, ({ layer }) => layer);
  const sum = ({ name }: LayerInfo, of: 'parameters' | 'parameterBytes'): number =>
    (rows.get(name) ?? []).reduce((total, node) => total + node[of], 0);
  return table(
    [
      { title: 'layer', cell: (layer) => layer.name },
      { title: 'op', cell: (layer) => layer.op },
      { title: 'precision', cell: (layer) => layer.precision ?? '' },
      {
        title: 'output',
        cell: ({ outputs: [first] }) => (first === undefined ? '' : typeText(first.dtype, first.shape)),
      },
      { title: 'parameters', align: 'right', cell: (layer) => formatCompact(sum(layer, 'parameters')) },
      { title: 'weights', align: 'right', cell: (layer) => formatBytes(sum(layer, 'parameterBytes')) },
      { title: 'MACs', align: 'right', cell: (layer) => (layer.macs === null ? '?' : formatCompact(layer.macs)) },
      { title: 'moved', align: 'right', cell: (layer) => (layer.bytes === null ? '?' : formatBytes(layer.bytes)) },
    ],
    mainRows(result),
  );
}

/** The nodes that compute. */
function mainRows({ layers: nodes }: Inspect): readonly LayerInfo[] {
  return nodes.filter(({ name, layer }) => name === layer);
}

function countOperators(rows: readonly LayerInfo[]): readonly (readonly [op: string, times: number])[] {
  const counts = new Map<string, number>();
  for (const { op } of rows) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts];
}
