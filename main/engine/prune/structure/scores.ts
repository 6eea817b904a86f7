import { StudioError } from '../../../base/errors.ts';
import type { Tensor } from '../../graph/ir.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import { seededRandom } from '../../tensor/random.ts';
import type { NumericArray } from '../../tensor/numeric.ts';
import type { Closure } from '../../channels/closure.ts';
import type { ChannelGroup, GroupMember } from './groups.ts';

/** How much a group's atoms matter, told by the weights alone: the higher, the longer an atom stays. */
export type WeightScore = 'l1' | 'l2' | 'bn-gamma' | 'fpgm' | 'random';

/**
 * One number for each atom of each group, in the order of the atoms.
 *
 * - `l1`, `l2`: norm of all weights that an atom gives or takes in every layer of the group (Li et al. 2017, summed over the
 *   group as in Fang et al. 2023).
 * - `bn-gamma`: Σ|γ| of the batch normalizations behind it (Liu et al. 2017).
 * - `fpgm`: how far its weights lie from those of the other atoms, Σ‖wᵢ − wⱼ‖ (He et al. 2019); O(atoms² · weights).
 * - `random`: the control, seeded.
 *
 * @returns finite numbers ≥ 0
 * @throws UNSUPPORTED for weights that are NaN or infinite, and for `bn-gamma` where a group has no batch normalization
 */
export function scoreGroups(
  closure: Closure,
  groups: readonly ChannelGroup[],
  { score, seed }: { readonly score: WeightScore; readonly seed: number },
): readonly Float64Array[] {
  const random = seededRandom(seed);
  const sums = new AxisSums(closure);
  return groups.map((group) => {
    if (score === 'random') return Float64Array.from(group.roots, () => random());
    const scores = scoreGroup(sums, group, score);
    if (scores.every(Number.isFinite)) return scores;
    throw new StudioError('UNSUPPORTED', `Weights of the group '${group.name}' are NaN or infinite`, {
      hint: 'Leave its layers out, or mend the model.',
    });
  });
}

function scoreGroup(sums: AxisSums, group: ChannelGroup, score: Exclude<WeightScore, 'random'>): Float64Array {
  switch (score) {
    case 'l1':
      return sums.over(group, weighing(group), 'absolute');
    case 'l2':
      return sums.over(group, weighing(group), 'squared').map(Math.sqrt);
    case 'bn-gamma': {
      const gammas = group.members.filter(({ isGamma }) => isGamma);
      if (gammas.length > 0) return sums.over(group, gammas, 'absolute');
      throw new StudioError(
        'UNSUPPORTED',
        `The group '${group.name}' has no batch normalization, whose γ would be its score`,
        {
          hint: 'Choose another score; exporters often fold batch normalization away.',
        },
      );
    }
    case 'fpgm':
      return distances(sums, group);
  }
}

/** Members whose elements are weights of layers: each axis of each tensor once. */
function weighing({ members }: ChannelGroup): readonly GroupMember[] {
  const seen = new Set<string>();
  return members.filter(({ role, tensor, axis }) => {
    const key = `${axis} ${tensor}`;
    if (role === 'scales' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Sums over the elements of stored tensors along one axis, by atom. */
class AxisSums {
  readonly #closure: Closure;
  readonly #tensors: ReadonlyMap<string, Tensor>;

  constructor(closure: Closure) {
    this.#closure = closure;
    this.#tensors = new Map(closure.model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  }

  over(group: ChannelGroup, members: readonly GroupMember[], of: 'absolute' | 'squared'): Float64Array {
    const total = new Float64Array(group.roots.length);
    for (const member of members) {
      const { values, dims } = this.read(member.tensor);
      const atoms = this.atomsAlong(group, member);
      const run = dims.slice(member.axis + 1).reduce((product, size) => product * size, 1);
      const size = dims[member.axis]!;
      const floats =
        values instanceof Float32Array || values instanceof Float64Array ? values : Float64Array.from(values, Number);
      for (let at = 0, row = 0; at < floats.length; at += run, row = row + 1 === size ? 0 : row + 1) {
        const atom = atoms[row]!;
        if (atom >= 0) total[atom]! += of === 'squared' ? squares(floats, at, run) : absolutes(floats, at, run);
      }
    }
    return total;
  }

  read(name: string): { readonly values: NumericArray; readonly dims: readonly number[] } {
    const tensor = this.#tensors.get(name)!;
    return { values: tensorValues(tensor), dims: tensor.dims };
  }

  /** The atom of each element of a member's axis; −1: of another group, or fixed. */
  atomsAlong({ roots }: ChannelGroup, { tensor, axis }: GroupMember): Int32Array {
    const { axes, sets } = this.#closure;
    const atomOf = new Map(Array.from(roots, (root, atom) => [root, atom]));
    const first = axes.first(tensor, axis);
    return Int32Array.from({ length: axes.size(tensor, axis) }, (_, at) => atomOf.get(sets.root(first + at)) ?? -1);
  }
}

// Loops of their own: a function called for each weight costs more than the sum.
function squares(values: Float32Array | Float64Array, at: number, count: number): number {
  let sum = 0;
  for (let i = at; i < at + count; i++) sum += values[i]! * values[i]!;
  return sum;
}

function absolutes(values: Float32Array | Float64Array, at: number, count: number): number {
  let sum = 0;
  for (let i = at; i < at + count; i++) sum += Math.abs(values[i]!);
  return sum;
}

/** Σⱼ ‖wᵢ − wⱼ‖ over the weights that give the channels. */
function distances(sums: AxisSums, group: ChannelGroup): Float64Array {
  const total = new Float64Array(group.roots.length);
  for (const member of weighing(group)) {
    const { values, dims } = sums.read(member.tensor);
    if (member.role !== 'produces' || dims.length < 2) continue;
    const rows = rowsOf(sums.atomsAlong(group, member), { values, dims, axis: member.axis }, group.roots.length);
    for (let i = 0; i < rows.length; i++) {
      for (let j = 0; j < i; j++) {
        const distance = distanceOf(rows[i]!, rows[j]!);
        total[i] = total[i]! + distance;
        total[j] = total[j]! + distance;
      }
    }
  }
  return total;
}

/** The weights of each atom, in a row. */
function rowsOf(
  atoms: Int32Array,
  { values, dims, axis }: { values: NumericArray; dims: readonly number[]; axis: number },
  count: number,
): Float64Array[] {
  const run = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  const rows: number[][] = Array.from({ length: count }, () => []);
  for (let at = 0, row = 0; at < values.length; at += run, row = (row + 1) % dims[axis]!) {
    const own = rows[atoms[row]!];
    if (own !== undefined) for (let i = at; i < at + run; i++) own.push(Number(values[i]!));
  }
  return rows.map((row) => Float64Array.from(row));
}

function distanceOf(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

/** The places of the `count` highest scores, ascending; of equal ones the first. */
export function highestScores(scores: Float64Array, count: number): Uint32Array {
  const order = Array.from(scores, (_, at) => at).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return Uint32Array.from(order.slice(0, count)).sort();
}
