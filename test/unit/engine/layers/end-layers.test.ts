import { expect, it } from 'vitest';
import { endLayers } from '../../../../main/engine/layers/end-layers.ts';
import { graph } from '../../../support/graph-builder.ts';

it('finds the layers that see the inputs and those that give the outputs', () => {
  const model = graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ name: 'first', channels: 4 })
    .relu({ to: 'skip' })
    .conv({ name: 'middle', channels: 4 })
    .addTo('skip', { name: 'add' })
    .globalAveragePool({ name: 'gap' })
    .flatten({ name: 'flat' })
    .gemm({ name: 'last', inputs: 4, outputs: 2, to: 'y' })
    .output()
    .build();
  expect([...endLayers(model.graph)]).toEqual(['first', 'last']);
});

it('takes every branch that begins or ends by itself', () => {
  const model = graph()
    .input('x', 'float32', ['N', 4])
    .gemm({ name: 'one', inputs: 4, outputs: 4, to: 'a' })
    .gemm({ name: 'two', inputs: 4, outputs: 4, from: 'x', to: 'b' })
    .node('Add', ['a', 'b'], {}, ['sum'], { name: 'add' })
    .gemm({ name: 'three', inputs: 4, outputs: 4, from: 'sum', to: 'c' })
    .gemm({ name: 'left', inputs: 4, outputs: 4, from: 'c', to: 'y' })
    .gemm({ name: 'right', inputs: 4, outputs: 4, from: 'c', to: 'z' })
    .output('y')
    .output('z')
    .build();
  expect([...endLayers(model.graph)].toSorted()).toEqual(['left', 'one', 'right', 'two']);
});
