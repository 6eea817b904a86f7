/** Reading the columns of the table of layers. */
import {
  BLOCK_PARTS,
  LAYER_CATEGORIES,
  LAYER_STATES,
  type BlockPart,
  type LayerState,
  type OperatorCategory,
} from '../contract/layer-words.ts';
import type { LayerStructure, LayerTable, ListColumn } from '../contract/layers.ts';

/** What one layer is, whatever is known of its values and its work. */
export interface LayerPlace {
  /** Place in the table, from 0. */
  readonly index: number;
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly scope: string;
  readonly category: OperatorCategory;
  readonly part: BlockPart;
  /** The layer whose subgraph holds this one. */
  readonly parent: string | null;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** One layer out of the table. */
export interface LayerRow extends LayerPlace {
  readonly state: LayerState;
  readonly fusedInto: string | null;
  /** "int8", "int4 weights", "float32"; null: not known. */
  readonly precision: string | null;
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

/** What one row is. */
export function placeAt(table: LayerStructure, index: number): LayerPlace {
  const text = (column: Uint32Array): string => table.texts[column[index]!]!;
  const values = (column: ListColumn): string[] => namesAt(column, index, table.values.names);
  return {
    index,
    name: table.names[index]!,
    op: text(table.op),
    domain: text(table.domain),
    scope: text(table.scope),
    category: LAYER_CATEGORIES[table.category[index]!]!,
    part: BLOCK_PARTS[table.part[index]!]!,
    parent: table.names[table.parent[index]!] ?? null,
    inputs: values(table.inputs),
    outputs: values(table.outputs),
  };
}

/** One row of the table. */
export function layerAt(table: LayerTable, index: number): LayerRow {
  const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
  const output = listAt(table.outputs, index)[0];
  const before = table.sourceParameters[index]!;
  return {
    ...placeAt(table, index),
    state: LAYER_STATES[table.state[index]!]!,
    fusedInto: table.names[table.fusedInto[index]!] ?? null,
    precision: table.texts[table.precision[index]!]! || null,
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
