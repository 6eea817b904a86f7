import { describe, expect, it } from 'vitest';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { openBatch } from '../../../../main/engine/passes/open-batch.ts';
import { defaultOpset, raiseOpset } from '../../../../main/engine/passes/upgrade-opset.ts';
import { graph } from '../../../support/graph-builder.ts';

/** Two Reshapes for batches of `size`: one keeps the axis, one takes what is left over. */
const fixed = (size: number) =>
  graph()
    .input('x', 'float32', [size, 2, 6])
    .initializer('flat', 'int64', [2], [size, 12])
    .initializer('rows', 'int64', [2], [size * 2, 6])
    .initializer('back', 'int64', [2], [size, 12])
    .node('Reshape', ['x', 'flat'])
    .node('Reshape', ['reshape_0', 'rows'])
    .node('Reshape', ['reshape_1', 'back'], {}, ['y'])
    .output('y', 'float32', [size, 12]);

describe('opening the batch', () => {
  it('lets shapes that begin with the batch size keep or take what comes', () => {
    const model = graph()
      .input('x', 'float32', [1, 2, 6])
      .initializer('flat', 'int64', [2], [1, 12])
      .node('Reshape', ['x', 'flat'])
      .gemm({ inputs: 12, outputs: 3, to: 'y' })
      .output('y', 'float32', [1, 3])
      .build();
    const { model: opened, notes } = openBatch(model);
    expect(notes).toEqual([]);
    const { values } = inferModel(opened, { dims: { batch: 5 } });
    expect(values.get('y')?.shape).toEqual([5, 3]);
  });

  it('leaves a model whose graph counts on its size, and says so', () => {
    const model = fixed(3).build();
    const { model: same, notes } = openBatch(model);
    expect(same).toBe(model);
    expect(notes).toEqual(['The model takes batches of 3 alone: its graph is written for that size.']);
  });

  it('leaves a model whose batch is open', () => {
    const model = graph().input('x', 'float32', ['N', 4]).relu().output().build();
    expect(openBatch(model).model).toBe(model);
  });
});

describe('raising the opset', () => {
  const relu = (opset: number) => graph().input('x', 'float32', ['N']).relu().output().build({ opset });

  it('states 16 for 13 to 15, and leaves others', () => {
    expect([12, 13, 15, 16, 21].map((opset) => defaultOpset(raiseOpset(relu(opset))))).toEqual([12, 16, 16, 16, 21]);
  });

  it('leaves models with operators that changed their meaning', () => {
    const model = graph()
      .input('x', 'float32', [1, 1, 8, 8])
      .input('rois', 'float32', ['R', 4])
      .input('of', 'int64', ['R'])
      .node('RoiAlign', ['x', 'rois', 'of'])
      .output()
      .build({ opset: 13 });
    expect(raiseOpset(model)).toBe(model);
  });
});
