import type { LinearContext, LinearForm, LinearRule, Unfolding } from '../../linear-form.ts';

/** Columns are (channel of the group, tap); a kernel with a single one in it picks each out. */
export const kernelColumns: LinearRule = (context) => {
  const [outputs = 0, channels = 0, ...kernel] = context.weightDims;
  const groups = context.int('group', 1);
  const taps = kernel.reduce((product, size) => product * size, 1);
  if (kernel.length === 0 || outputs % groups !== 0) return undefined;
  const perGroup = outputs / groups;
  return {
    ...shared,
    groups,
    outputs: perGroup,
    columns: channels * taps,
    taps,
    at: (group, output, column) => (group * perGroup + output) * channels * taps + column,
    unfold: isPointwise(context, kernel) ? undefined : unfolding(context, channels * groups, kernel),
  };
};

/** The same the other way round: weights [C, M/g, taps]; each column is the data spread by one tap. */
export const transposedKernelColumns: LinearRule = (context) => {
  const [channels = 0, outputs = 0, ...kernel] = context.weightDims;
  const groups = context.int('group', 1);
  const taps = kernel.reduce((product, size) => product * size, 1);
  if (kernel.length === 0 || channels % groups !== 0) return undefined;
  const perGroup = channels / groups;
  return {
    ...shared,
    groups,
    outputs,
    columns: perGroup * taps,
    taps,
    at: (group, output, column) => {
      const tap = column % taps;
      return ((group * perGroup + (column - tap) / taps) * outputs + output) * taps + tap;
    },
    unfold: {
      ...unfolding(context, channels, kernel),
      weightDims: [channels, taps, ...kernel],
      thinned: undefined,
    },
  };
};

const shared = { weight: 1, bias: 2, scale: 1, biasScale: 1, channelsLast: false } satisfies Partial<LinearForm>;

/** Channel by channel, each tap as a kernel of its own: channel c·taps + t of the output is column (c, t). */
function unfolding(context: LinearContext, channels: number, kernel: readonly number[]): Unfolding {
  const taps = kernel.reduce((product, size) => product * size, 1);
  const ones = Array.from({ length: channels * taps }, (_, row) => row * taps + (row % taps));
  const strides = context.ints('strides') ?? kernel.map(() => 1);
  // Pads that follow from the strides would become others.
  const fixed = ['NOTSET', 'VALID'].includes(context.text('auto_pad', 'NOTSET'));
  return {
    weightDims: [channels * taps, 1, ...kernel],
    ones,
    attributes: { group: BigInt(channels) },
    thinned: fixed
      ? (steps) => ({ strides: strides.map((stride, axis) => BigInt(stride * (steps[axis] ?? 1))) })
      : undefined,
  };
}

/** Whether each output position sees the data of that position alone. */
function isPointwise(context: LinearContext, kernel: readonly number[]): boolean {
  const ones = (values: readonly number[] | undefined, all: number): boolean =>
    values === undefined || values.every((value) => value === all);
  return ones(kernel, 1) && ones(context.ints('strides'), 1) && ones(context.ints('pads'), 0);
}
