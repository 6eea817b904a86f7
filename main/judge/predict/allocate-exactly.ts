/** One way to leave a group: what that costs at the output, and what it costs to run. */
export interface GroupOption {
  /** ≥ 0; Infinity: not to be chosen. */
  readonly loss: number;
  /** ≥ 0, in units of the budget. */
  readonly cost: number;
}

/** The option chosen of each group, by its place among the group's options. */
export interface Allocation {
  readonly chosen: readonly number[];
  readonly loss: number;
  readonly cost: number;
}

/**
 * The options with the least total loss whose total cost is within the budget: an exact multiple-choice knapsack. Partial sums
 * that are worse in both are dropped; where more than `most` are left, of those that fall into the same of `most` equal parts of the
 * budget the best stays, which is then near the optimum, never over the budget.
 * @param groups each with at least one option
 * @returns undefined where not even the cheapest options fit
 * @see Frantar & Alistarh 2022 (OBC), 6; Kellerer et al. 2004, Knapsack Problems, 11.5
 */
export function allocateExactly(
  groups: readonly (readonly GroupOption[])[],
  budget: number,
  most = 10_000,
): Allocation | undefined {
  // What the groups still to come cost at least: sums that leave less than that are no use.
  const least = groups.map((options) => Math.min(...options.map(({ cost }) => cost)));
  let toCome = least.reduce((sum, cost) => sum + cost, 0);
  let front: readonly Partial[] = [{ loss: 0, cost: 0, before: undefined, chosen: -1 }];
  for (const [at, options] of groups.entries()) {
    toCome -= least[at]!;
    const sums: Partial[] = [];
    for (const before of front) {
      for (const [chosen, option] of options.entries()) {
        const cost = before.cost + option.cost;
        if (option.loss === Infinity || cost + toCome > budget * (1 + 1e-12)) continue;
        sums.push({ loss: before.loss + option.loss, cost, before, chosen });
      }
    }
    front = thinned(paretoFront(sums), most, budget);
  }
  const best = front.at(-1);
  return best === undefined ? undefined : { chosen: choicesOf(best), loss: best.loss, cost: best.cost };
}

/** A choice for the groups so far. */
interface Partial {
  readonly loss: number;
  readonly cost: number;
  readonly before: Partial | undefined;
  readonly chosen: number;
}

/** Ascending in cost, descending in loss. */
function paretoFront(sums: Partial[]): readonly Partial[] {
  sums.sort((a, b) => a.cost - b.cost || a.loss - b.loss);
  const front: Partial[] = [];
  for (const sum of sums) if (sum.loss < (front.at(-1)?.loss ?? Infinity)) front.push(sum);
  return front;
}

function thinned(front: readonly Partial[], most: number, budget: number): readonly Partial[] {
  if (front.length <= most) return front;
  const kept = new Map<number, Partial>();
  // Later ones have less loss, and the cheapest always stays.
  for (const sum of front) kept.set(Math.ceil((sum.cost / budget) * most), sum);
  return [front[0]!, ...[...kept.values()].filter((sum) => sum !== front[0])];
}

function choicesOf(last: Partial): readonly number[] {
  const chosen: number[] = [];
  for (let at: Partial | undefined = last; at?.before !== undefined; at = at.before) chosen.unshift(at.chosen);
  return chosen;
}
