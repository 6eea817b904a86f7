import type { Dim, Graph } from '../../../graph/ir.ts';
import { makeConstant, numbersOf } from '../../constant.ts';
import { tensorFacts, UNKNOWN, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { heldOutside, meet, settleCarried, subgraph, withoutOrigin } from './body.ts';

/** Nodes gone through in loops that are followed turn by turn; longer ones are known by what all turns have in common. */
const MAX_FOLLOWED_NODES = 4096;

/** The body runs only where the condition holds. */
const HOLDS = tensorFacts('bool', [], makeConstant('bool', [], [1]));

/** Loop(M, cond, carried…): body(iteration, cond, carried…) gives cond, carried…, scanned… */
export function inferLoop(context: NodeContext): Facts[] {
  const body = subgraph(context, 'body');
  const carried = context.inputs.slice(2).map((facts) => facts ?? UNKNOWN);
  const stated = context.has(0) ? (context.dims(0)?.[0] ?? null) : Number.POSITIVE_INFINITY;
  const trips = typeof stated === 'number' ? Math.max(0, stated) : stated;
  const first = context.has(1) ? context.numbers(1)?.[0] : 1;
  const guess = first === 0 ? 0 : first === undefined || trips === Number.POSITIVE_INFINITY ? null : trips;
  let settled = settle(context, body, carried, guess);
  if (first === 0) return carried.map(withoutOrigin).concat(scannedFacts(settled.scanned, 0));
  const opened = settled.carried.some((facts, at) => opens(carried[at] ?? UNKNOWN, facts));
  const followed = settled.goesOn && !opened ? undefined : follow(context, body, carried, { trips, first });
  const count = followed?.count ?? (settled.goesOn ? guess : null);
  // What is told of the body is what holds in all turns, however the loop was followed.
  if (followed !== undefined || count !== guess) settled = settle(context, body, carried, count);
  if (followed !== undefined) return [...followed.carried, ...scannedFacts(followed.scanned, followed.count)];
  const plain = settled.carried.map((facts, at) => meet(withoutOrigin(facts), withoutOrigin(carried[at] ?? UNKNOWN)));
  return [...plain, ...scannedFacts(settled.scanned, count)];
}

/** One value for each turn along a new first axis. */
function scannedFacts(scanned: readonly Facts[], count: Dim): Facts[] {
  return scanned.map((facts) => {
    const plain = withoutOrigin(facts);
    return { ...plain, shape: plain.shape === undefined ? undefined : [count, ...plain.shape] };
  });
}

/** Whether a size that is known before the first turn is not after it. */
function opens(before: Facts, after: Facts): boolean {
  if (before.shape === undefined) return false;
  const { shape } = meet(withoutOrigin(before), withoutOrigin(after));
  return before.shape.some((dim, axis) => dim !== null && (shape?.[axis] ?? null) === null);
}

/** What is true of every turn, and whether each is sure to be followed by another one. */
function settle(
  context: NodeContext,
  body: Graph,
  carried: readonly Facts[],
  count: Dim,
): { readonly carried: readonly Facts[]; readonly scanned: readonly Facts[]; readonly goesOn: boolean } {
  const counter = tensorFacts('int64', []);
  let condition: Facts = UNKNOWN;
  const outputs = settleCarried(carried, (values) => {
    const [next = UNKNOWN, ...rest] = context.services.inferSubgraph(body, [counter, HOLDS, ...values], count);
    condition = next;
    return rest;
  });
  return {
    carried: outputs.slice(0, carried.length),
    scanned: outputs.slice(carried.length),
    goesOn: valueOf(context, condition) === 1,
  };
}

function valueOf(context: NodeContext, facts: Facts): number | undefined {
  return numbersOf(heldOutside(context, facts).constant)?.[0];
}

/**
 * Goes through the turns one by one, while each says whether another one follows.
 * @returns undefined where one does not, or there are too many
 */
function follow(
  context: NodeContext,
  body: Graph,
  carried: readonly Facts[],
  { trips, first }: { readonly trips: Dim; readonly first: number | undefined },
): { readonly count: number; readonly carried: readonly Facts[]; readonly scanned: readonly Facts[] } | undefined {
  const most = Math.floor(MAX_FOLLOWED_NODES / Math.max(1, body.nodes.length));
  const endless = trips === Number.POSITIVE_INFINITY;
  if (typeof trips !== 'number' || first === undefined || (trips > most && !endless)) return undefined;
  let values = carried.map((facts) => heldOutside(context, facts));
  let scanned: readonly Facts[] | undefined;
  let count = 0;
  while (count < trips) {
    if (count === most) return undefined;
    const counter = tensorFacts('int64', [], makeConstant('int64', [], [count]));
    // Its problems are told of all turns together.
    const [next = UNKNOWN, ...rest] = context.services.inferSubgraph(body, [counter, HOLDS, ...values], 0);
    count++;
    values = rest.slice(0, carried.length).map((facts) => heldOutside(context, facts));
    const turn = rest.slice(carried.length);
    scanned = scanned?.map((facts, at) => meet(facts, turn[at] ?? UNKNOWN)) ?? turn;
    const goesOn = valueOf(context, next);
    if (goesOn === undefined && count < trips) return undefined;
    if (goesOn === 0) break;
  }
  return scanned === undefined ? undefined : { count, carried: values, scanned };
}
