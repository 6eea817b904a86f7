/** `--where QUERY`: layers of an inspected model that a query asks for. */
import { StudioError } from '../base/errors.ts';
import type { Inspect, LayerInfo } from '../contract/results.ts';
import type { GraphNode } from '../contract/studio.ts';
import { asksAttributes, compileQuery } from '../judge/query/layer-test.ts';
import { UNMEASURED, type Queried } from '../judge/query/fields.ts';
import type { CommandContext } from './run-command.ts';

/**
 * The names of the layers that the query asks for; what is measured is not known here.
 * @throws USAGE where the query is not understood: a build server must not take a misspelt one for "none found"
 */
export async function layersWhere(
  { operate }: Pick<CommandContext, 'operate'>,
  inspected: Inspect,
  query: string,
): Promise<ReadonlySet<string>> {
  const { nodes } = await operate('graph', { path: inspected.model.path });
  const written = new Map(nodes.map((node) => [node.name, node]));
  const byLayer = Map.groupBy(inspected.layers, ({ layer }) => layer);
  const layers = inspected.layers
    .filter(({ name, layer }) => name === layer)
    .map((main, index) =>
      queried(main, index, { parts: byLayer.get(main.name) ?? [], written: written.get(main.name) }),
    );
  const attributes = asksAttributes(query) ? (name: string) => written.get(name)?.attributes ?? [] : null;
  const { test, problems } = compileQuery(query, { layers, attributes });
  const [first] = problems;
  if (first !== undefined) {
    throw new StudioError('USAGE', `--where: ${first.message.replace(/\.$/u, '')}`, {
      hint: `Look at '${query.slice(first.start)}'.`,
    });
  }
  return new Set(layers.filter(test).map(({ name }) => name));
}

interface Written {
  readonly parts: readonly LayerInfo[];
  readonly written: GraphNode | undefined;
}

function queried(main: LayerInfo, index: number, { parts, written }: Written): Queried {
  const sum = (of: 'parameters' | 'parameterBytes'): number => parts.reduce((total, node) => total + node[of], 0);
  const [first] = main.outputs;
  return {
    index,
    name: main.name,
    op: main.op,
    domain: main.domain,
    category: written?.category ?? 'other',
    scope: main.scope,
    inputs: main.inputs,
    outputs: main.outputs.map(({ name }) => name),
    dtype: main.precision ?? first?.dtype ?? null,
    shape: first?.shape ?? null,
    parameters: sum('parameters'),
    parameterBytes: sum('parameterBytes'),
    macs: main.macs,
    bytes: main.bytes,
    ...UNMEASURED,
  };
}
