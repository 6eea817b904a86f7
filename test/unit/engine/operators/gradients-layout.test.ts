/** Gradients of reductions, of what moves, picks and joins elements, and of interpolation, against finite differences. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { checkOperator, type CheckedInput, type CheckedOperator } from '../../../support/gradient-check.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function agrees(checked: CheckedOperator): Promise<void> {
  const { error, tolerance, type } = await checkOperator(runner, checked);
  expect(error, `${checked.op} in ${type}`).toBeLessThan(tolerance);
}

const x = (...dims: number[]): CheckedInput => ({ dims });
const open = (stated: (string | number)[], ...dims: number[]): CheckedInput => ({ dims, stated });
const int64 = (...values: number[]): CheckedInput => ({ dims: [values.length], values, dtype: 'int64' });
const scalar = (value: number): CheckedInput => ({ dims: [], values: [value], dtype: 'int64' });
const floats = (...values: number[]): CheckedInput => ({ dims: [values.length], values, dtype: 'float32' });

describe('reductions', () => {
  const positive = { dims: [2, 3, 4], range: [0.3, 2] as const, stated: ['N', 3, 4] };
  describe.each(['ReduceL1', 'ReduceL2', 'ReduceLogSumExp', 'ReduceSumSquare', 'ReduceMax', 'ReduceMin', 'ReduceProd'])(
    '%s',
    (op) => {
      it('over some axes, kept', () => agrees({ op, inputs: [open(['N', 3, 4], 2, 3, 4), int64(-1, 1)] }));
      it('over one axis, dropped', () => agrees({ op, inputs: [x(2, 3, 4), int64(0)], attributes: { keepdims: 0n } }));
      it('over all', () => agrees({ op, inputs: [x(2, 3)], attributes: { keepdims: 0n } }));
      it('over axes of an attribute', () =>
        agrees({ op, opset: 13, inputs: [x(2, 3, 2)], attributes: { axes: [1n], keepdims: 0n } }));
    },
  );
  it('ReduceLogSum of positive numbers', () => agrees({ op: 'ReduceLogSum', inputs: [positive, int64(1)] }));
  it('ReduceProd where factors are zero', async () => {
    // one zero: only its own slope is left; two: none
    await agrees({ op: 'ReduceProd', inputs: [{ dims: [2, 3], values: [0, 0.5, -0.7, 0.4, 0.6, 0.9] }, int64(1)] });
    await agrees({ op: 'ReduceProd', inputs: [{ dims: [2, 3], values: [0, 0, -0.7, 0.4, 0.6, 0.9] }, int64(1)] });
  });
  it('TopK', () => agrees({ op: 'TopK', inputs: [open(['N', 6], 3, 6), int64(2)], outputs: 2 }));
  it('TopK of the smallest along another axis', () =>
    agrees({ op: 'TopK', inputs: [x(5, 2), int64(3)], outputs: 2, attributes: { axis: 0n, largest: 0n } }));
  it.each([
    [0n, 0n],
    [0n, 1n],
    [1n, 0n],
    [1n, 1n],
  ])('CumSum with reverse %s, exclusive %s', (reverse, exclusive) =>
    agrees({ op: 'CumSum', inputs: [x(3, 4), scalar(1)], attributes: { reverse, exclusive } }),
  );
});

describe('layout', () => {
  it('Reshape of nothing', () =>
    agrees({ op: 'Reshape', inputs: [x(0, 3, 4), int64(3, 4, 0)], attributes: { allowzero: 1n } }));
  it('Expand', async () => {
    await agrees({ op: 'Expand', inputs: [x(3, 1), int64(2, 3, 4)] });
    await agrees({ op: 'Expand', inputs: [open(['N', 1], 3, 1), int64(3, 4)] });
  });
  it('Tile', () => agrees({ op: 'Tile', inputs: [open(['N', 3], 2, 3), int64(2, 3)] }));
  it.each(['DCR', 'CRD'])('DepthToSpace %s', (mode) =>
    agrees({ op: 'DepthToSpace', inputs: [open(['N', 8, 'H', 3], 2, 8, 2, 3)], attributes: { blocksize: 2n, mode } }),
  );
  it('SpaceToDepth', () =>
    agrees({ op: 'SpaceToDepth', inputs: [open(['N', 2, 4, 6], 1, 2, 4, 6)], attributes: { blocksize: 2n } }));
});

describe('joining', () => {
  it('Concat of three', () =>
    agrees({
      op: 'Concat',
      inputs: [open(['N', 2], 3, 2), open(['N', 1], 3, 1), open(['N', 3], 3, 3)],
      attributes: { axis: 1n },
    }));
  it('Concat along a size that is open', () =>
    agrees({ op: 'Concat', inputs: [open(['A', 2], 3, 2), open(['B', 2], 1, 2)], attributes: { axis: 0n } }));
  it('Concat of one', () => agrees({ op: 'Concat', inputs: [x(2, 2)], attributes: { axis: 0n } }));
  it('Split into parts of given sizes', () =>
    agrees({ op: 'Split', inputs: [open(['N', 6], 2, 6), int64(1, 3, 2)], attributes: { axis: 1n }, outputs: 3 }));
  it('Split into equal parts', () =>
    agrees({ op: 'Split', inputs: [x(4, 3)], attributes: { axis: 0n, num_outputs: 2n }, outputs: 2 }));
});

describe('parts by place', () => {
  it('Slice of a stretch', () =>
    agrees({ op: 'Slice', inputs: [open(['N', 6], 3, 6), int64(1), int64(-1), int64(1)] }));
  it('Slice of several axes, one to its end', () =>
    agrees({ op: 'Slice', inputs: [x(4, 5, 3), int64(1, 0), int64(2 ** 31 - 1, 2), int64(0, -1)] }));
  it('Slice with steps, and backwards', async () => {
    await agrees({ op: 'Slice', inputs: [x(3, 7), int64(1), int64(7), int64(1), int64(2)] });
    await agrees({ op: 'Slice', inputs: [x(5, 2), int64(-1), int64(-(2 ** 31)), int64(0), int64(-1)] });
  });
  it('Slice with steps along the last two axes', async () => {
    const strided = (starts: number[], ends: number[], steps: number[], axes = [2, 3]): Promise<void> =>
      agrees({
        op: 'Slice',
        inputs: [open(['N', 2, 5, 6], 2, 2, 5, 6), int64(...starts), int64(...ends), int64(...axes), int64(...steps)],
      });
    await strided([0, 0], [5, 6], [2, 2]);
    await strided([1, 0], [5, 4], [3, 1]);
    await strided([1, 1, 2], [2, 4, 3], [1, 4, 2], [1, 2, 3]);
  });
  it('Slice along a size that is open', () =>
    agrees({ op: 'Slice', inputs: [open(['N', 'T'], 3, 6), int64(1), int64(-1), int64(1)] }));
  it('Gather of rows, one of them twice', () =>
    agrees({ op: 'Gather', inputs: [x(4, 3), { dims: [2, 2], values: [0, 2, -2, 3], dtype: 'int64' }] }));
  it('Gather before opset 16', () =>
    agrees({ op: 'Gather', opset: 13, inputs: [x(4, 3), { dims: [3], values: [0, 2, -2], dtype: 'int64' }] }));
  it('Gather along an inner axis of an open batch', () =>
    agrees({ op: 'Gather', inputs: [open(['N', 4, 3], 2, 4, 3), int64(3, 0, 3)], attributes: { axis: 1n } }));
  it('Gather of one place', async () => {
    await agrees({ op: 'Gather', inputs: [open(['N', 4, 3], 2, 4, 3), scalar(-1)], attributes: { axis: 1n } });
    await agrees({ op: 'Gather', inputs: [open(['N', 'T', 3], 2, 4, 3), scalar(1)], attributes: { axis: 1n } });
  });
  it('GatherElements', () =>
    agrees({
      op: 'GatherElements',
      inputs: [open(['N', 3], 2, 3), { dims: [2, 2], values: [0, 2, 1, 1], dtype: 'int64' }],
      attributes: { axis: 1n },
    }));
  it('GatherND', () =>
    agrees({ op: 'GatherND', inputs: [x(3, 2, 2), { dims: [2, 2], values: [0, 1, 2, 0], dtype: 'int64' }] }));
  it.each(['none', 'add'])('ScatterElements, %s', (reduction) =>
    agrees({
      op: 'ScatterElements',
      inputs: [x(3, 3), { dims: [2, 3], values: [1, 0, 2, 0, 2, 1], dtype: 'int64' }, x(2, 3)],
      attributes: { reduction },
    }),
  );
  it.each(['none', 'add'])('ScatterND, %s', (reduction) =>
    agrees({
      op: 'ScatterND',
      inputs: [x(4, 2), { dims: [2, 1], values: [3, 1], dtype: 'int64' }, x(2, 2)],
      attributes: { reduction },
    }),
  );
  it('Trilu', () => agrees({ op: 'Trilu', inputs: [x(2, 3, 3), scalar(1)], attributes: { upper: 0n } }));
  it('ReverseSequence', () =>
    agrees({
      op: 'ReverseSequence',
      inputs: [x(4, 2, 2), int64(3, 2)],
      attributes: { time_axis: 0n, batch_axis: 1n },
    }));
  it('Compress along an axis, and of all elements', async () => {
    const condition: CheckedInput = { dims: [3], values: [1, 0, 1], dtype: 'bool' };
    await agrees({ op: 'Compress', inputs: [open([2, 3], 2, 3), condition], attributes: { axis: 1n } });
    await agrees({ op: 'Compress', inputs: [x(2, 2), condition] });
  });
});

describe('pads and interpolation', () => {
  it('Pad with zeros, of an open batch', () =>
    agrees({ op: 'Pad', inputs: [open(['N', 3], 2, 3), int64(0, 1, 0, 2)] }));
  it('Pad that also crops', () => agrees({ op: 'Pad', inputs: [x(4, 4), int64(-1, 1, 2, -2)] }));
  it('Pad of some axes', () =>
    agrees({
      op: 'Pad',
      inputs: [x(2, 3, 4), int64(1, 2), { dims: [], values: [0], dtype: 'float32' }, int64(-1)],
      types: ['float32'],
    }));
  it('Pad with a number that is learnt', () =>
    agrees({ op: 'Pad', inputs: [x(2, 3), int64(1, 0, 0, 2), { dims: [], values: [0.3] }] }));
  it.each(['reflect', 'edge', 'wrap'])('Pad by %s', (mode) =>
    agrees({ op: 'Pad', inputs: [open(['N', 4, 'W'], 2, 4, 3), int64(0, 2, 1, 0, 1, 2)], attributes: { mode } }),
  );

  const resize = (
    inputs: CheckedOperator['inputs'],
    attributes: NonNullable<CheckedOperator['attributes']>,
  ): Promise<void> => agrees({ op: 'Resize', inputs, attributes, types: ['float32'] });
  it.each(['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel'])('Resize linear, %s', (mode) =>
    resize([open(['N', 2, 3, 4], 1, 2, 3, 4), null, floats(1, 1, 2, 1.5)], {
      mode: 'linear',
      coordinate_transformation_mode: mode,
    }),
  );
  it('Resize to sizes, smaller and larger', () =>
    resize([x(1, 2, 5, 4), null, null, int64(1, 2, 3, 7)], { mode: 'linear' }));
  it('Resize nearest', () =>
    resize([open(['N', 2, 3, 3], 1, 2, 3, 3), null, floats(1, 1, 2, 2)], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    }));
  it('Resize cubic', () => resize([x(1, 1, 4, 4), null, floats(1, 1, 2, 2)], { mode: 'cubic', cubic_coeff_a: -0.75 }));
});

describe('Einsum', () => {
  it.each<[string, CheckedOperator['inputs']]>([
    ['bij,bjk->bik', [open(['B', 2, 3], 2, 2, 3), open(['B', 3, 2], 2, 3, 2)]],
    ['ij,kj->ik', [x(2, 3), x(4, 3)]],
    ['ij,jk,k->i', [x(2, 3), x(3, 2), x(2)]],
    ['ij->j', [x(2, 3)]],
    ['ij->ji', [x(2, 3)]],
    ['ij,j', [x(2, 3), x(3)]],
    ['...ij,jk->...ik', [open(['N', 2, 3], 2, 2, 3), x(3, 2)]],
  ])('%s', async (equation, inputs) => agrees({ op: 'Einsum', inputs, attributes: { equation } }));
});
