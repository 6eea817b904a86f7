/** Channels of matrices. */
import { broadcastWith } from '../../channel-rules.ts';
import type { AxisRef, ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet, LayerWeights } from '../../channels.ts';

/** […, K, N]; the data's features lie on its last axis. */
export const matrices: LayerWeights = {
  input: 1,
  bias: undefined,
  outputChannels: ({ weightRank }) => (weightRank > 1 ? { axis: weightRank - 1, groups: 1 } : undefined),
};

/** [K, N], or [N, K] with transB */
export const gemmMatrix: LayerWeights = {
  input: 1,
  bias: 2,
  outputChannels: (context) => ({ axis: context.int('transB', 0) === 0 ? 1 : 0, groups: 1 }),
  dataChannels: (context) =>
    context.int('transA', 0) === 0 ? { axis: context.int('transB', 0) === 0 ? 0 : 1, groups: 1 } : undefined,
};

/** A […, M, K] · B […, K, N] → […, M, N]; vectors lack M or N. */
export const matmulChannels: ChannelFacet = { relate: (ties) => relateProduct(ties, productAxes(ties)) };

/** The same with transA and transB of the contributed form, which has no vectors. */
export const fusedMatmulChannels: ChannelFacet = {
  relate: (ties) => {
    if (ties.int('transBatchA', 0) !== 0 || ties.int('transBatchB', 0) !== 0) return;
    const axes = productAxes(ties);
    const a = ties.rank('input', 0) ?? 0;
    const b = ties.rank('input', 1) ?? 0;
    const left = ties.int('transA', 0) !== 0 ? { rows: a - 1, inner: a - 2 } : { rows: a - 2, inner: a - 1 };
    const right = ties.int('transB', 0) !== 0 ? { columns: b - 2, inner: b - 1 } : { columns: b - 1, inner: b - 2 };
    relateProduct(ties, {
      rows: axes.rows === undefined ? undefined : ties.input(0, left.rows),
      columns: axes.columns === undefined ? undefined : ties.input(1, right.columns),
      innerA: ties.input(0, left.inner),
      innerB: ties.input(1, right.inner),
    });
  },
};

interface ProductAxes {
  readonly rows: AxisRef | undefined;
  readonly columns: AxisRef | undefined;
  readonly innerA: AxisRef;
  readonly innerB: AxisRef;
}

function productAxes(ties: ChannelTies): ProductAxes {
  const a = ties.rank('input', 0) ?? 0;
  const b = ties.rank('input', 1) ?? 0;
  return {
    rows: a > 1 ? ties.input(0, a - 2) : undefined,
    columns: b > 1 ? ties.input(1, b - 1) : undefined,
    innerA: ties.input(0, Math.max(a - 1, 0)),
    innerB: ties.input(1, Math.max(b - 2, 0)),
  };
}

function relateProduct(ties: ChannelTies, { rows, columns, innerA, innerB }: ProductAxes): void {
  const rank = ties.rank('output', 0) ?? 0;
  const columnAxis = columns === undefined ? undefined : rank - 1;
  const rowAxis = rows === undefined ? undefined : rank - (columns === undefined ? 1 : 2);
  if (rows !== undefined) ties.same(rows, ties.output(0, rowAxis ?? 0));
  if (columns !== undefined) ties.same(columns, ties.output(0, columnAxis ?? 0));
  relateBatches(ties, rank - (rows === undefined ? 0 : 1) - (columns === undefined ? 0 : 1));
  contract(ties, innerA, innerB);
  if (ties.isStored(1)) {
    if (columns !== undefined) {
      ties.weight(columns, 'produces');
      ties.is(columns, 'unit');
    }
    ties.weight(innerB, 'consumes');
  } else if (ties.isStored(0)) {
    if (rows !== undefined) {
      ties.weight(rows, 'produces');
      ties.is(rows, 'unit');
    }
    ties.weight(innerA, 'consumes');
  }
}

/** Leading axes are broadcast. */
function relateBatches(ties: ChannelTies, batches: number): void {
  for (const position of [0, 1]) {
    const own = Math.max((ties.rank('input', position) ?? 0) - 2, 0);
    for (let axis = 0; axis < own; axis++) {
      ties.same(ties.input(position, axis), ties.output(0, batches - own + axis));
      if (!ties.isStored(0) && !ties.isStored(1)) ties.is(ties.input(position, axis), 'head');
    }
  }
}

/** What is summed over can only go where one side is stored: two computed factors give zero for zero weights alone. */
function contract(ties: ChannelTies, a: AxisRef, b: AxisRef): void {
  if (ties.isStored(0) || ties.isStored(1)) return ties.same(a, b);
  const reason = 'two computed tensors are multiplied and summed over it';
  ties.keep(a, reason);
  ties.keep(b, reason);
}

/** A [M, K] or with transA [K, M], B [K, N] or with transB [N, K], C broadcast to [M, N]. */
export const gemmChannels: ChannelFacet = {
  relate: (ties) => {
    const rows = ties.int('transA', 0) === 0 ? 0 : 1;
    const columns = ties.int('transB', 0) === 0 ? 1 : 0;
    ties.same(ties.input(0, rows), ties.output(0, 0));
    ties.same(ties.input(1, columns), ties.output(0, 1));
    contract(ties, ties.input(0, 1 - rows), ties.input(1, 1 - columns));
    ties.weight(ties.input(1, columns), 'produces');
    ties.is(ties.input(1, columns), 'unit');
    ties.weight(ties.input(1, 1 - columns), 'consumes');
    if (!ties.has('input', 2)) return;
    broadcastWith(ties, [2]);
    const last = (ties.rank('input', 2) ?? 0) - 1;
    if (last >= 0 && ties.size(ties.input(2, last)) !== 1) ties.weight(ties.input(2, last), 'produces');
  },
};
