import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { quantizePlan } from '../../../../main/engine/quantize/quantize-plan.ts';
import { quantizeStatic } from '../../../../main/engine/quantize/quantize-static.ts';
import { lendRunner } from '../../../../main/engine/runtime/runner-pool.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { quantizeStep, randomBatches } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Conv, BatchNormalization, Relu, Add of a constant, Gemm of shared weights. */
const net = (): Model =>
  graph()
    .input('x', 'float32', [2, 3, 6, 6])
    .conv({ name: 'c', channels: 24, to: 'c_out' })
    .weights('shift', [24])
    .initializer('ones', 'float32', [24], new Float32Array(24).fill(1))
    .node('BatchNormalization', ['c_out', 'ones', 'shift', 'shift', 'ones'], {}, ['n_out'], { name: 'bn' })
    .relu({ name: 'r', to: 'r_out' })
    .conv({ name: 'd', channels: 40, to: 'd_out' })
    .globalAveragePool({ name: 'gap', to: 'gap_out' })
    .flatten({ name: 'flat', to: 'flat_out' })
    .gemm({ name: 'fc', inputs: 40, outputs: 30, to: 'y' })
    .output('y')
    .build({ opset: 17 });

describe('quantizedBytes', () => {
  it('is what the written file takes, to a hundredth, before anything is calibrated', async () => {
    const context = { runners: lendRunner(runner), signal: new AbortController().signal };
    const { int8Bytes } = await quantizePlan(net(), context);
    const input = { step: quantizeStep(), calibration: () => randomBatches([2, 3, 6, 6], 4), runner, vnni: true };
    const { model, layers } = await quantizeStatic(net(), input, quietContext());
    expect(layers.filter(({ quantized }) => quantized).map(({ name }) => name)).toContain('fc');
    const written = encodeModelBytes(model).byteLength;
    expect(Math.abs(int8Bytes! / written - 1)).toBeLessThan(0.01);
  });

  it('is unknown where no layer can run in int8', async () => {
    const context = { runners: lendRunner(runner), signal: new AbortController().signal };
    const tanh = graph().input('x', 'float32', [2]).node('Tanh', ['x'], {}, ['y']).output('y').build();
    expect((await quantizePlan(tanh, context)).int8Bytes).toBeNull();
  });
});
