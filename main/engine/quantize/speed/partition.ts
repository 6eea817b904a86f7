/** Which layers run in integers so that a model takes the least time: exact, by a minimal cut. Pure. */
import { assert } from '../../../base/errors.ts';
import { Network } from './min-cut.ts';

/** A layer that may run either way. */
export interface TimedUnit {
  readonly floatMs: number;
  readonly integerMs: number;
}

/** A value that may have to be converted between float and codes. */
export interface TimedValue {
  /** Place of the unit that makes it; null: always float (inputs, layers that only run in float). */
  readonly madeBy: number | null;
  /** Places of the units that take it. */
  readonly takenBy: readonly number[];
  /** Whether something that is always float takes it too, or it is an output. */
  readonly takenAsFloat: boolean;
  /** Milliseconds from float to codes, once however many take it. */
  readonly quantizeMs: number;
  /** And back. */
  readonly dequantizeMs: number;
}

export interface Partition {
  /** For each unit whether it runs in integers. */
  readonly integer: readonly boolean[];
  /** Of all units and conversions together. */
  readonly ms: number;
}

/**
 * The choice with the least sum of times. A value made in float costs one conversion if any unit takes codes; one made in
 * codes costs one back if anything takes it in float. Such costs are cuts: a unit on the source's side runs in integers, and
 * a node for each value follows the most (or least) of those that take it.
 * Where both ways take equally long, a unit stays float.
 * @see Greig, Porteous and Seheult 1989; Kolmogorov and Zabih 2004, for which functions of yes and no are cuts
 */
export function fastestPartition(units: readonly TimedUnit[], values: readonly TimedValue[]): Partition {
  const network = new Network();
  const [integer, float] = [network.node(), network.node()];
  const nodes = units.map(({ floatMs, integerMs }) => {
    const node = network.node();
    network.edge(integer, node, floatMs);
    network.edge(node, float, integerMs);
    return node;
  });
  for (const { madeBy, takenBy, takenAsFloat, quantizeMs, dequantizeMs } of values) {
    const maker = madeBy === null ? float : nodes[madeBy]!;
    if (takenBy.length > 0) {
      const anyInteger = network.node();
      for (const user of takenBy) network.edge(nodes[user]!, anyInteger, Infinity);
      network.edge(anyInteger, maker, quantizeMs);
    }
    if (madeBy === null) continue;
    if (takenAsFloat) {
      network.edge(maker, float, dequantizeMs);
    } else if (takenBy.length > 0) {
      const allInteger = network.node();
      network.edge(maker, allInteger, dequantizeMs);
      for (const user of takenBy) network.edge(allInteger, nodes[user]!, Infinity);
    }
  }
  const { cost, inside } = network.sourceSide(integer, float);
  assert(Number.isFinite(cost), 'everything in float is always possible');
  return { integer: nodes.map((node) => inside[node]!), ms: cost };
}

/** Milliseconds of a choice: units, and the conversions between them. */
export function partitionMs(
  units: readonly TimedUnit[],
  values: readonly TimedValue[],
  integer: readonly boolean[],
): number {
  let ms = 0;
  for (const [at, unit] of units.entries()) ms += integer[at] === true ? unit.integerMs : unit.floatMs;
  for (const value of values) ms += conversionMs(value, integer);
  return ms;
}

/** Milliseconds that one value's conversions take. */
function conversionMs(value: TimedValue, integer: readonly boolean[]): number {
  const codes = value.madeBy !== null && integer[value.madeBy] === true;
  if (codes) {
    const asFloat = value.takenAsFloat || value.takenBy.some((user) => integer[user] !== true);
    return asFloat ? value.dequantizeMs : 0;
  }
  return value.takenBy.some((user) => integer[user] === true) ? value.quantizeMs : 0;
}
