import { describe, expect, it } from 'vitest';
import { bytesOfShape, liveTensors } from '../../../../main/engine/profile/live-tensors.ts';
import { graph } from '../../../support/graph-builder.ts';

describe('bytesOfShape', () => {
  it('multiplies out what the trace writes', () => {
    expect(bytesOfShape('float [1,3,32,32]')).toBe(12_288);
    expect(bytesOfShape('int64 []')).toBe(8);
    expect(bytesOfShape('uint8 [5]')).toBe(5);
    expect(bytesOfShape('string [4]')).toBe(0);
    expect(bytesOfShape('?')).toBe(0);
  });
});

describe('liveTensors', () => {
  it('lets a value live from its kernel to the last that reads it', () => {
    // a = Relu(x); b = Neg(a); y = Add(a, b)
    const model = graph()
      .input('x', 'float32', [4])
      .node('Relu', ['x'], {}, ['a'], { name: 'relu' })
      .node('Neg', ['a'], {}, ['b'], { name: 'neg' })
      .node('Add', ['a', 'b'], {}, ['y'], { name: 'add' })
      .output('y')
      .build();
    const kernel = (name: string, op: string) => ({ name, op, layer: name, outputShapes: ['float [4]'] });
    const kernels = [kernel('relu', 'Relu'), kernel('neg', 'Neg'), kernel('add', 'Add')];
    const feeds = { x: { dtype: 'float32', dims: [4], data: new Float32Array(4) } } as const;
    expect(liveTensors(model, kernels, feeds)).toEqual([
      { name: 'x', layer: null, kind: 'input', bytes: 16, from: -1, to: 3 },
      { name: 'a', layer: 'relu', kind: 'activation', bytes: 16, from: 0, to: 2 },
      { name: 'b', layer: 'neg', kind: 'activation', bytes: 16, from: 1, to: 2 },
      { name: 'y', layer: 'add', kind: 'output', bytes: 16, from: 2, to: 3 },
    ]);
  });
});
