/** The choices that are worth measuring: for each loss the fastest, or the smallest, that is predicted. Pure. */
import { allocateExactly } from '../../judge/predict/allocate-exactly.ts';
import { fastestPartition, partitionMs } from '../quantize/speed/partition.ts';
import type { Minimized } from '../../contract/search.ts';
import type { Proposal, SearchSpace } from './search-space.ts';

/** Prices of loss, or budgets of bytes, that are tried. */
const STEPS = 80;

/**
 * Choices of precisions from all of float to what is fastest (or smallest), each with more loss than the one before and less time
 * (fewer bytes). Losses and times of groups add up, conversions between them too.
 * - latency: for each of many prices λ of a loss the choice with the least ms + λ · loss, exactly, by a minimal cut; so those
 *   that no other one beats in a weighted sum
 * - size: for each of many budgets of bytes the choice with the least loss, exactly, by dynamic programming
 */
export function proposals(space: SearchSpace, minimize: Minimized): readonly Proposal[] {
  const choices = minimize === 'latency' ? byPrice(space) : byBudget(space);
  const known = new Map(choices.map((integer) => [integer.map(Number).join(''), integer]));
  const found = [...known.values()].map((integer) => describe(space, integer));
  const cost = (proposal: Proposal): number => (minimize === 'latency' ? proposal.ms : proposal.bytes);
  found.sort((a, b) => a.loss - b.loss || cost(a) - cost(b));
  const front: Proposal[] = [];
  for (const proposal of found)
    if (cost(proposal) < (front.at(-1) ? cost(front.at(-1)!) : Infinity)) front.push(proposal);
  return front;
}

function byPrice({ groups, values }: SearchSpace): readonly (readonly boolean[])[] {
  const losses = groups.map(({ loss }) => loss).filter((loss) => loss > 0 && Number.isFinite(loss));
  const times = groups.map(({ floatMs, integerMs }) => Math.abs(floatMs - integerMs)).filter((ms) => ms > 0);
  if (losses.length === 0 || times.length === 0) return [fastestPartition(groups, values).integer];
  // From a price at which no loss decides to one at which every loss does.
  const lowest = (Math.min(...times) / Math.max(...losses)) * 1e-2;
  const highest = (times.reduce((sum, ms) => sum + ms, 0) / Math.min(...losses)) * 10;
  const prices = Array.from({ length: STEPS }, (_, at) => lowest * (highest / lowest) ** (at / (STEPS - 1)));
  return [0, ...prices].map((price) => {
    const priced = groups.map(({ floatMs, integerMs, loss }) => ({
      floatMs,
      integerMs: loss === Infinity ? Infinity : integerMs + price * loss,
    }));
    return fastestPartition(priced, values).integer;
  });
}

function byBudget({ groups }: SearchSpace): readonly (readonly boolean[])[] {
  const options = groups.map(({ floatBytes, integerBytes, loss }) => [
    { loss: 0, cost: floatBytes },
    { loss, cost: integerBytes },
  ]);
  const most = groups.reduce((sum, { floatBytes }) => sum + floatBytes, 0);
  const least = groups.reduce((sum, { integerBytes }) => sum + integerBytes, 0);
  return Array.from({ length: STEPS + 1 }, (_, at) => {
    const budget = most + ((least - most) * at) / STEPS;
    const chosen = allocateExactly(options, budget)?.chosen;
    return groups.map((_group, place) => chosen?.[place] === 1);
  });
}

/** What is predicted of a choice: the model's time all of float and with all in int8 is what was measured. */
export function describe(space: SearchSpace, integer: readonly boolean[]): Proposal {
  const { groups, values, floatMs, integerMs } = space;
  const sum = (choice: readonly boolean[]): number => partitionMs(groups, values, choice);
  const float = sum(groups.map(() => false));
  const gained = float - sum(groups.map(() => true));
  const slope = gained > 0 && floatMs > integerMs ? (floatMs - integerMs) / gained : 1;
  let [bytes, loss] = [0, 0];
  for (const [at, group] of groups.entries()) {
    bytes += integer[at] === true ? group.integerBytes : group.floatBytes;
    loss += integer[at] === true ? group.loss : 0;
  }
  return { integer, ms: Math.max(0, floatMs - slope * (float - sum(integer))), bytes, loss };
}
