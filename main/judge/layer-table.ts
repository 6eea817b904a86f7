/** Reading the columns of the table of layers. */
import {
  BLOCK_PARTS,
  LAYER_CATEGORIES,
  LAYER_STATES,
  type BlockPart,
  type LayerState,
  type OperatorCategory,
} from '../contract/layer-words.ts';
import type { LayerTable, ListColumn } from '../contract/layers.ts';

/** One layer out of the table. */
export interface LayerRow {
  /** Place in the table, from 0. */
  readonly index: number;
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly scope: string;
  readonly category: OperatorCategory;
  readonly state: LayerState;
  readonly part: BlockPart;
  /** The layer whose subgraph holds this one. */
  readonly parent: string | null;
  readonly fusedInto: string | null;
  /** "int8", "int4 weights", "float32"; null: not known. */
  readonly precision: string | null;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of the first output. */
  readonly dtype: string | null;
  readonly shape: readonly (number | string | null)[] | null;
  readonly parameters: number;
  readonly parameterBytes: number;
  /** Share of the source's weights that are still stored; null where it has none. */
  readonly kept: number | null;
  readonly macs: number | null;
  readonly bytes: number | null;
}

/** The places in one list of a column. No copy is made. */
export function listAt({ starts, items }: ListColumn, row: number): Uint32Array {
  return items.subarray(starts[row], starts[row + 1]);
}

/** One row of the table. */
export function layerAt(table: LayerTable, index: number): LayerRow {
  const text = (column: Uint32Array): string => table.texts[column[index]!]!;
  const name = (place: number): string | null => table.names[place] ?? null;
  const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
  const values = (column: ListColumn): string[] => namesAt(column, index, table.values.names);
  const output = listAt(table.outputs, index)[0];
  const before = table.sourceParameters[index]!;
  return {
    index,
    name: table.names[index]!,
    op: text(table.op),
    domain: text(table.domain),
    scope: text(table.scope),
    category: LAYER_CATEGORIES[table.category[index]!]!,
    state: LAYER_STATES[table.state[index]!]!,
    part: BLOCK_PARTS[table.part[index]!]!,
    parent: name(table.parent[index]!),
    fusedInto: name(table.fusedInto[index]!),
    precision: text(table.precision) || null,
    inputs: values(table.inputs),
    outputs: values(table.outputs),
    dtype: output === undefined ? null : table.texts[table.values.dtype[output]!] || null,
    shape: output === undefined ? null : table.shapes[table.values.shape[output]!]!,
    parameters: table.parameters[index]!,
    parameterBytes: table.parameterBytes[index]!,
    kept: before > 0 ? table.parameters[index]! / before : null,
    macs: known(table.macs[index]!),
    bytes: known(table.bytes[index]!),
  };
}

const rowsOf = new WeakMap<LayerTable, readonly LayerRow[]>();

/** Every row, in the table's order. Linear time; remembered for the table. */
export function layerRows(table: LayerTable): readonly LayerRow[] {
  const known = rowsOf.get(table);
  if (known !== undefined) return known;
  const rows = table.names.map((_, index) => layerAt(table, index));
  rowsOf.set(table, rows);
  return rows;
}

/** The names of the nodes of the trial's file that belong to a layer, the main one first. */
export function nodesOf(table: LayerTable, index: number): string[] {
  return namesAt(table.nodes, index, table.nodeNames);
}

/** The names in one list of a column. A plain loop: `Array.from` over a typed array took most of the time at 50,000 nodes. */
function namesAt({ starts, items }: ListColumn, row: number, names: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = starts[row]!; at < starts[row + 1]!; at++) found.push(names[items[at]!]!);
  return found;
}
