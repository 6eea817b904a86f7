/** The choices that are worth measuring: for each loss the fastest, or the smallest, that is predicted. Pure. */
import { allocateExactly } from '../../judge/predict/allocate-exactly.ts';
import { fastestPartition, partitionMs } from '../quantize/speed/partition.ts';
import type { Minimized } from '../../contract/search.ts';
import type { GroupPrecision, Proposal, SearchSpace } from './search-space.ts';

/** Prices of loss, or budgets of bytes, that are tried. */
const STEPS = 80;
/** Predicted times are no more exact than this share of the float model's: what seems a little slower is a choice still. */
const BLUR = 0.04;
/** What 16-bit activations cost beside int8 where bytes alone count, as a share of the bytes: as small, but slow. */
const WIDE_COST = 0.02;

/**
 * Choices of precisions from all of float to what is fastest (or smallest), each with more loss than the one before and less time,
 * as far as that can be told (fewer bytes). Losses and times of groups add up, conversions between them too.
 * - latency: for each of many prices λ of a loss the choice with the least ms + λ · loss, exactly, by a minimal cut; so those
 *   that no other one beats in a weighted sum; between two of these the groups in which they differ change one after the other, the
 *   one that loses least for what it gains first. 16-bit activations have no kernel and are never faster than float: no choice
 * - size: for each of many budgets of bytes the choice with the least loss, exactly, by dynamic programming
 */
export function proposals(space: SearchSpace, minimize: Minimized): readonly Proposal[] {
  const choices = minimize === 'latency' ? withBetween(space, byPrice(space)) : byBudget(space);
  const known = new Map(choices.map((precisions) => [precisions.join(' '), precisions]));
  const found = [...known.values()].map((precisions) => describe(space, precisions));
  const cost = (proposal: Proposal): number =>
    minimize === 'latency' ? proposal.ms : proposal.bytes + wideBytes(space, proposal.precisions);
  found.sort((a, b) => a.loss - b.loss || cost(a) - cost(b));
  const front: Proposal[] = [];
  const blur = minimize === 'latency' ? BLUR * space.floatMs : 0;
  let least = Infinity;
  for (const proposal of found) {
    const own = cost(proposal);
    if (own < least || own < least + blur) front.push(proposal);
    least = Math.min(least, own);
  }
  return front;
}

function wideBytes({ groups }: SearchSpace, precisions: readonly GroupPrecision[]): number {
  return groups.reduce(
    (sum, { integerBytes }, at) => sum + (precisions[at] === 'int16' ? WIDE_COST * integerBytes : 0),
    0,
  );
}

function byPrice({ groups, values }: SearchSpace): readonly (readonly GroupPrecision[])[] {
  const named = (integer: readonly boolean[]): readonly GroupPrecision[] =>
    integer.map((chosen) => (chosen ? 'int8' : 'float'));
  const losses = groups.map(({ loss }) => loss).filter((loss) => loss > 0 && Number.isFinite(loss));
  const times = groups.map(({ floatMs, integerMs }) => Math.abs(floatMs - integerMs)).filter((ms) => ms > 0);
  if (losses.length === 0 || times.length === 0) return [named(fastestPartition(groups, values).integer)];
  // From a price at which no loss decides to one at which every loss does.
  const lowest = (Math.min(...times) / Math.max(...losses)) * 1e-2;
  const highest = (times.reduce((sum, ms) => sum + ms, 0) / Math.min(...losses)) * 10;
  const prices = Array.from({ length: STEPS }, (_, at) => lowest * (highest / lowest) ** (at / (STEPS - 1)));
  return [0, ...prices].map((price) => {
    const priced = groups.map(({ floatMs, integerMs, loss }) => ({
      floatMs,
      integerMs: loss === Infinity ? Infinity : integerMs + price * loss,
    }));
    return named(fastestPartition(priced, values).integer);
  });
}

/** With choices between neighbours, since a weighted sum leaves gaps where the front is not convex. */
function withBetween(
  space: SearchSpace,
  choices: readonly (readonly GroupPrecision[])[],
): readonly (readonly GroupPrecision[])[] {
  const found = choices.map((precisions) => describe(space, precisions)).toSorted((a, b) => a.loss - b.loss);
  return found.flatMap((to, at) => {
    const from = found[at - 1];
    return from === undefined ? [to.precisions] : [...pathBetween(space, from, to), to.precisions];
  });
}

function pathBetween(space: SearchSpace, from: Proposal, to: Proposal): readonly (readonly GroupPrecision[])[] {
  const path: (readonly GroupPrecision[])[] = [];
  const left = new Set(from.precisions.keys().filter((at) => from.precisions[at] !== to.precisions[at]));
  let current = from;
  while (left.size > 1) {
    const next = [...left].map((at) => ({
      at,
      proposal: describe(space, current.precisions.with(at, to.precisions[at]!)),
    }));
    const price = ({ ms, loss }: Proposal): number => (loss - current.loss) / Math.max(current.ms - ms, 1e-9);
    const best = next.reduce((a, b) => (price(b.proposal) < price(a.proposal) ? b : a));
    left.delete(best.at);
    current = best.proposal;
    path.push(current.precisions);
  }
  return path;
}

function byBudget({ groups }: SearchSpace): readonly (readonly GroupPrecision[])[] {
  const options = groups.map(({ floatBytes, integerBytes, loss, wideLoss }) => [
    { precision: 'float' as const, loss: 0, cost: floatBytes },
    { precision: 'int8' as const, loss, cost: integerBytes },
    ...(wideLoss === null
      ? []
      : [{ precision: 'int16' as const, loss: wideLoss, cost: integerBytes * (1 + WIDE_COST) }]),
  ]);
  const most = groups.reduce((sum, { floatBytes }) => sum + floatBytes, 0);
  const least = groups.reduce((sum, { integerBytes }) => sum + integerBytes, 0);
  const widest = least * (1 + WIDE_COST);
  const budgets = [
    ...Array.from({ length: STEPS + 1 }, (_, at) => most + ((least - most) * at) / STEPS),
    // Between int8 and int16 everywhere bytes hardly differ: steps of their own.
    ...Array.from({ length: STEPS / 2 }, (_, at) => widest + ((least - widest) * at) / (STEPS / 2)),
  ];
  return budgets.map((budget) => {
    const chosen = allocateExactly(options, budget)?.chosen;
    return groups.map((_group, place) => options[place]![chosen?.[place] ?? 0]!.precision);
  });
}

/** What is predicted of a choice: the model's time all of float and with all in int8 is what was measured. */
export function describe(space: SearchSpace, precisions: readonly GroupPrecision[]): Proposal {
  const { groups, values, floatMs, integerMs } = space;
  const sum = (choice: readonly boolean[]): number => partitionMs(groups, values, choice);
  const integer = precisions.map((precision) => precision === 'int8');
  const float = sum(groups.map(() => false));
  const gained = float - sum(groups.map(() => true));
  const slope = gained > 0 && floatMs > integerMs ? (floatMs - integerMs) / gained : 1;
  let [bytes, loss] = [0, 0];
  for (const [at, group] of groups.entries()) {
    bytes += precisions[at] === 'float' ? group.floatBytes : group.integerBytes;
    loss += precisions[at] === 'int8' ? group.loss : precisions[at] === 'int16' ? (group.wideLoss ?? Infinity) : 0;
  }
  return { precisions, ms: Math.max(0, floatMs - slope * (float - sum(integer))), bytes, loss };
}
