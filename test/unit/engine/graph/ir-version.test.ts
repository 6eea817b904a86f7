import { expect, it } from 'vitest';
import { withNeededIr } from '../../../../main/engine/graph/ir-version.ts';
import { graph } from '../../../support/graph-builder.ts';

/** IR 3: weights are inputs as well. */
function old() {
  const model = graph()
    .input('x', 'float32', [1, 3, 8, 8])
    .input('w', 'float32', [4, 3, 3, 3])
    .weights('w', [4, 3, 3, 3])
    .node('Conv', ['x', 'w'], {}, ['y'])
    .output('y')
    .build({ opset: 8 });
  return { ...model, irVersion: 3 };
}

it('keeps an old IR version while all initializers are inputs', () => {
  const model = old();
  expect(withNeededIr(model)).toBe(model);
});

it('raises it for initializers that are none', () => {
  const model = old();
  const free = { ...model, graph: { ...model.graph, inputs: model.graph.inputs.slice(0, 1) } };
  expect(withNeededIr(free)).toEqual({ ...free, irVersion: 4 });
  expect(withNeededIr({ ...free, irVersion: 8 }).irVersion).toBe(8);
});
