/** Heads of attention in one node. */
import { sizeAfter, type ChannelCut } from '../../channel-cut.ts';
import type { AxisRef, ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';

/** Where an operand holds its heads: one element each, or `heads` runs of equal length in a row. */
interface HeadAxis {
  readonly ref: AxisRef;
  readonly heads: number;
}

/** Ties runs of both axes; several query heads may share one of keys and values. */
function relateHeads(ties: ChannelTies, few: HeadAxis, many: HeadAxis): void {
  const share = many.heads / few.heads;
  const fewRun = (ties.size(few.ref) ?? 0) / few.heads;
  const manyRun = (ties.size(many.ref) ?? 0) / many.heads;
  if (![share, fewRun, manyRun].every((count) => Number.isInteger(count) && count >= 1)) {
    for (const { ref } of [few, many]) ties.keep(ref, 'its heads cannot be told apart');
    return;
  }
  ties.is(many.ref, 'head');
  ties.runs(few.ref, fewRun);
  ties.runs(many.ref, manyRun);
  for (let at = 0; at < share; at++) {
    ties.stretch(few.ref, many.ref, {
      count: few.heads,
      fromStep: fewRun,
      toStart: at * manyRun,
      toStep: share * manyRun,
    });
  }
}

/** Axis 2 of [batch, sequence, heads·size], or axis 1 of [batch, heads, sequence, size]. */
function headAxis(ties: ChannelTies, side: AxisRef['side'], position: number, heads: number): HeadAxis | undefined {
  const rank = ties.rank(side, position);
  if (!ties.has(side, position) || (rank !== 3 && rank !== 4)) return undefined;
  return { ref: { side, position, axis: rank === 3 ? 2 : 1 }, heads };
}

function relateAttention(ties: ChannelTies, given: { heads: number; kvHeads: number; kv: readonly number[] }): void {
  const query = headAxis(ties, 'input', 0, given.heads);
  if (query === undefined) return;
  const base = headAxis(ties, 'input', given.kv[0] ?? 1, given.kvHeads);
  for (const position of given.kv) {
    const own = headAxis(ties, 'input', position, given.kvHeads);
    if (own !== undefined) relateHeads(ties, own, query);
  }
  const output = headAxis(ties, 'output', 0, given.heads);
  if (output !== undefined) relateHeads(ties, query, output);
  for (const position of [1, 2]) {
    const present = headAxis(ties, 'output', position, given.kvHeads);
    if (present !== undefined) relateHeads(ties, base ?? query, present);
  }
  ties.same(ties.input(0, 0), ties.output(0, 0));
  ties.same(ties.input(0, 1), ties.output(0, 1));
}

function headsAfter(cut: ChannelCut, ref: AxisRef, heads: number): bigint {
  const before = cut.before.size(ref) ?? 0;
  return BigInt((sizeAfter(cut, ref) / before) * heads);
}

/** ai.onnx Attention-23 with Q, K, V [batch, sequence, heads·size]; in four axes the heads need no attribute. */
export const attentionChannels: ChannelFacet = {
  relate: (ties) => {
    const flat = ties.rank('input', 0) === 3;
    const heads = flat ? ties.int('q_num_heads', 1) : (ties.size(ties.input(0, 1)) ?? 1);
    const kvHeads = flat ? ties.int('kv_num_heads', 1) : (ties.size(ties.input(1, 1)) ?? 1);
    relateAttention(ties, { heads, kvHeads, kv: [1, 2, 4, 5] });
  },
  recut: (cut) => {
    if (cut.before.rank('input', 0) !== 3) return undefined;
    const heads = headsAfter(cut, cut.before.input(0, 2), cut.before.int('q_num_heads', 1));
    const kvHeads = headsAfter(cut, cut.before.input(1, 2), cut.before.int('kv_num_heads', 1));
    return { attributes: { q_num_heads: heads, kv_num_heads: kvHeads } };
  },
};

/** com.microsoft MultiHeadAttention: query, key, value [batch, sequence, hidden], bias of the three one behind the other. */
export const multiHeadChannels: ChannelFacet = {
  relate: (ties) => {
    const heads = ties.int('num_heads', 1);
    const kv = [1, 2, 6, 7].filter((position) => ties.has('input', position));
    if (ties.rank('input', 0) !== 3 || !ties.has('input', 1) || !ties.has('input', 2)) return;
    relateAttention(ties, { heads, kvHeads: heads, kv });
    if (!ties.has('input', 3)) return;
    let start = 0;
    for (const position of [0, 1, 2]) {
      const axis = headAxis(ties, 'input', position, heads);
      const count = axis === undefined ? undefined : ties.size(axis.ref);
      if (axis === undefined || count === undefined || axis.ref.axis !== 2) {
        return ties.keepAll('input', 3, 'its heads cannot be told apart');
      }
      ties.stretch(axis.ref, ties.input(3, 0), { count, toStart: start });
      start += count;
    }
  },
  recut: (cut) => ({
    attributes: { num_heads: headsAfter(cut, cut.before.input(0, 2), cut.before.int('num_heads', 1)) },
  }),
};

/** com.microsoft GroupQueryAttention with separate keys and values: a head of these goes with all queries that share it. */
export const groupQueryChannels: ChannelFacet = {
  relate: (ties) => {
    if (!ties.has('input', 1) || !ties.has('input', 2)) return;
    const kv = [1, 2, 3, 4].filter((position) => ties.has('input', position));
    relateAttention(ties, { heads: ties.int('num_heads', 1), kvHeads: ties.int('kv_num_heads', 1), kv });
  },
  recut: (cut) => ({
    attributes: {
      num_heads: headsAfter(cut, cut.before.input(0, 2), cut.before.int('num_heads', 1)),
      kv_num_heads: headsAfter(cut, cut.before.input(1, 2), cut.before.int('kv_num_heads', 1)),
    },
  }),
};

/** Rotary embedding turns pairs within a head: whole heads pass where they have an axis of their own. */
export const rotaryChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    const heads = ties.int('num_heads', 0);
    ties.same(ties.input(0, 0), ties.output(0, 0));
    if (rank === 4) ties.same(ties.input(0, 1), ties.output(0, 1));
    else if (rank === 3 && heads > 0) {
      const own = headAxis(ties, 'input', 0, heads);
      const to = headAxis(ties, 'output', 0, heads);
      if (own !== undefined && to !== undefined) relateHeads(ties, own, to);
    }
  },
  recut: (cut) => {
    const heads = cut.before.int('num_heads', 0);
    if (heads === 0 || cut.before.rank('input', 0) !== 3) return undefined;
    return { attributes: { num_heads: headsAfter(cut, cut.before.input(0, 2), heads) } };
  },
};
