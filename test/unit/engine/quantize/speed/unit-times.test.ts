import { describe, expect, it } from 'vitest';
import { between } from '../../../../../main/engine/quantize/speed/clock-conversions.ts';
import { planQuantization } from '../../../../../main/engine/quantize/plan-quantization.ts';
import {
  NOTHING_WRITTEN,
  refined,
  sortTimes,
  timedPlan,
} from '../../../../../main/engine/quantize/speed/unit-times.ts';
import { knowledgeOf } from '../../../../../main/engine/passes/upgrade-opset.ts';
import { graph } from '../../../../support/graph-builder.ts';

/** conv → relu → (conv2, tanh): the relu goes into the conv's range, the tanh stays float. */
const model = graph()
  .input('x', 'float32', ['N', 3, 8, 8])
  .conv({ name: 'c1', channels: 8 })
  .relu({ name: 'r1', to: 'inner' })
  .conv({ name: 'c2', channels: 8, to: 'y' })
  .node('Tanh', ['inner'], {}, ['z'], { name: 'tanh' })
  .output('y', 'float32', ['N', 8, 8, 8])
  .output('z', 'float32', ['N', 8, 8, 8])
  .build({ opset: 17 });
const { units } = planQuantization(model.graph, { knowledge: knowledgeOf(model), refused: new Map() });
const kernel = (op: string, sources: readonly string[], timeMs: number) => ({ op, sources, timeMs });

describe('the times of units', () => {
  it('hold fused activations, and leave out what no unit computes', () => {
    const kernels = [kernel('FusedConv', ['r1', 'c1'], 2), kernel('Conv', ['c2'], 3), kernel('Tanh', ['tanh'], 9)];
    expect(units.map(({ layer }) => layer)).toEqual(['c1', 'c2']);
    expect([...sortTimes(units, kernels, NOTHING_WRITTEN).units]).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it('count conversions for their value, and other inserted nodes for the layer that they serve', () => {
    const kernels = [
      kernel('QLinearConv', ['q', 'c1', 'r1', 'dq'], 1),
      kernel('QuantizeLinear', ['q_x'], 0.25),
      kernel('DequantizeLinear', ['dq_inner'], 0.5),
      kernel('Max', ['c2/float'], 0.125),
    ];
    const written = {
      converts: new Map([
        ['q_x', 'x'],
        ['dq_inner', 'inner'],
      ]),
      sources: new Map([['c2/float', ['c2']]]),
    };
    const sorted = sortTimes(units, kernels, written);
    expect([...sorted.units]).toEqual([
      [0, 1],
      [1, 0.125],
    ]);
    expect([[...sorted.quantize], [...sorted.dequantize]]).toEqual([[['x', 0.25]], [['inner', 0.5]]]);
  });

  it('become the problem of a partition: every value with those that make and take it', () => {
    const times = {
      float: sortTimes(units, [kernel('Conv', ['c1'], 2), kernel('Conv', ['c2'], 3)], NOTHING_WRITTEN),
      integer: sortTimes(units, [kernel('QLinearConv', ['c1'], 1)], NOTHING_WRITTEN),
      unfused: new Set(['c2']),
      conversions: {
        quantizeMs: (elements: number) => elements / 100,
        dequantizeMs: (elements: number) => elements / 10,
      },
      elementsOf: (value: string) => (value === 'x' ? 10 : 20),
    };
    const problem = timedPlan(model.graph, units, times);
    expect(problem.values).toEqual([
      { name: 'x', madeBy: null, takenBy: [0], takenAsFloat: false, quantizeMs: 0.1, dequantizeMs: 1 },
      { name: 'inner', madeBy: 0, takenBy: [1], takenAsFloat: true, quantizeMs: 0.2, dequantizeMs: 2 },
      { name: 'y', madeBy: 1, takenBy: [], takenAsFloat: true, quantizeMs: 0.2, dequantizeMs: 2 },
    ]);
    // What is not fused converts its input (2) and its output (0.2) all the same.
    expect(problem.units).toEqual([
      { floatMs: 2, integerMs: 1 },
      { floatMs: 3, integerMs: 2.2 },
    ]);
    const seen = { units: new Map([[1, 7]]), quantize: new Map([['x', 5]]), dequantize: new Map() };
    const after = refined(problem, [true, false], seen);
    expect(after.units[1]).toEqual({ floatMs: 7, integerMs: 2.2 });
    expect(after.values[0]).toMatchObject({ quantizeMs: 5, dequantizeMs: 1 });
  });

  it('lie between the sizes that were timed, and grow in proportion beyond', () => {
    const at = (elements: number): number => between([100, 200, 400], [1, 2, 6], elements);
    expect([at(50), at(100), at(150), at(300), at(800)]).toEqual([1, 1, 1.5, 4, 12]);
  });
});
