/** What a search for precisions chooses among. */
import type { TimedUnit, TimedValue } from '../quantize/speed/partition.ts';

/** `int16`: 8-bit weights, 16-bit activations; as small as int8 and finer, but computed in float on CPUs. */
export type GroupPrecision = 'float' | 'int8' | 'int16';

/** Neighbouring layers that run in int8 together, or in float. */
export interface SpaceGroup extends TimedUnit {
  /** Names in the source model. */
  readonly layers: readonly string[];
  readonly floatBytes: number;
  readonly integerBytes: number;
  /** Squared error of the outputs over their square, ≥ 0, that this group in int8 adds. */
  readonly loss: number;
  /** The same in int16; null: not measured, and no choice. */
  readonly wideLoss: number | null;
}

/** A value between groups: `madeBy` and `takenBy` are places of groups. */
export type SpaceValue = TimedValue;

export interface SearchSpace {
  readonly groups: readonly SpaceGroup[];
  readonly values: readonly SpaceValue[];
  /** The model all of float, and with everything in int8, timed in turns. */
  readonly floatMs: number;
  readonly integerMs: number;
  /** Loss with everything in int8. */
  readonly allLoss: number;
}

/** A choice of precisions with what is predicted of it. */
export interface Proposal {
  /** By group. */
  readonly precisions: readonly GroupPrecision[];
  readonly ms: number;
  /** Of the weights of all groups. */
  readonly bytes: number;
  readonly loss: number;
}
