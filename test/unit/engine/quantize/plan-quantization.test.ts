import { describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { planQuantization, type LayerDecision } from '../../../../main/engine/quantize/plan-quantization.ts';
import { knowledgeOf } from '../../../../main/engine/passes/upgrade-opset.ts';
import { quantizePlan } from '../../../../main/engine/quantize/quantize-plan.ts';
import { graph } from '../../../support/graph-builder.ts';

function decide(model: Model, refused: Record<string, string> = {}): Record<string, LayerDecision> {
  const options = { knowledge: knowledgeOf(model), refused: new Map(Object.entries(refused)) };
  const { decisions } = planQuantization(model.graph, options);
  return Object.fromEntries(decisions.map((decision) => [decision.name, decision]));
}

const image = () => graph().input('x', 'float32', [1, 3, 8, 8]);

describe('planQuantization', () => {
  it('lets a Relu disappear into the layer before it', () => {
    const plan = decide(image().conv({ name: 'c', channels: 4 }).relu({ name: 'r' }).output().build());
    expect(plan['r']).toMatchObject({ quantized: true, reason: "the output range of 'c' replaces it" });
  });

  it('keeps a Relu whose input others use as well', () => {
    const builder = image().conv({ name: 'c', channels: 4, to: 't' }).relu({ name: 'r' }).addTo('t', { name: 'a' });
    const plan = decide(builder.conv({ name: 'd', channels: 2 }).output().build());
    expect(plan['r']?.quantized).toBe(false);
    expect(plan['a']?.quantized).toBe(true);
  });

  it('does not absorb a Clip whose range leaves out 0', () => {
    const builder = image().conv({ name: 'c', channels: 4, to: 't' });
    const clipped = builder
      .initializer('low', 'float32', [], [1])
      .node('Clip', ['t', 'low'], {}, ['y'], { name: 'clip' });
    expect(decide(clipped.output('y').build())['clip']?.quantized).toBe(false);
  });

  it('leaves operators in float that no integer layer surrounds', () => {
    const plan = decide(image().conv({ name: 'c', channels: 4 }).softmax({ name: 's' }).output().build());
    expect(plan['s']?.quantized).toBe(false);
    expect(plan['s']?.reason).toContain('no layer that uses its output runs in integers');
  });

  it('leaves a layer in float that subgraphs alone compute with, and what was quantized for it', () => {
    const branch = (name: string, op: string) =>
      graph(name)
        .node(op, ['t'], {}, [`${name}_y`])
        .output(`${name}_y`)
        .buildGraph();
    const branches = { then_branch: branch('then', 'Neg'), else_branch: branch('else', 'Abs') };
    const chosen = image()
      .input('flag', 'bool', [])
      .conv({ name: 'first', channels: 4, from: 'x' })
      .unary('Sigmoid', { name: 'between' })
      .conv({ name: 'c', channels: 4, to: 't' })
      .node('If', ['flag'], branches, ['y'], { name: 'choose' });
    const plan = decide(chosen.output('y').build());
    expect(plan['first']?.quantized).toBe(true);
    expect(plan['between']?.quantized).toBe(false);
    expect(plan['c']).toMatchObject({
      quantized: false,
      reason: expect.stringContaining("the subgraphs of 'choose'") as string,
    });
    const shared = decide(chosen.conv({ name: 'd', channels: 2, from: 't', to: 'z' }).output('z').build());
    expect(shared['c']?.quantized).toBe(true);
  });

  it('says why a layer stays float', () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .input('w', 'float32', [4, 4])
      .node('Gemm', ['x', 'w'], {}, ['g'], { name: 'computed' })
      .node('Tanh', ['g'], {}, ['t'], { name: 'tanh' })
      .gemm({ name: 'left', inputs: 4, outputs: 2 })
      .output()
      .build();
    const plan = decide(model, { left: 'left out by the recipe' });
    expect(plan['computed']?.reason).toBe('its weights are computed while the model runs');
    expect(plan['tanh']?.reason).toBe('the CPU provider runs Tanh in float only');
    expect(plan['left']?.reason).toBe('left out by the recipe');
  });

  it('keeps the operators of a GELU together', () => {
    const model = graph()
      .input('x', 'float32', [2, 4])
      .initializer('root', 'float32', [], [Math.SQRT2])
      .initializer('one', 'float32', [], [1])
      .initializer('half', 'float32', [], [0.5])
      .matmul({ name: 'm', inputs: 4, outputs: 4 })
      .node('Div', ['matmul_0', 'root'], {}, ['d'], { name: 'div' })
      .node('Erf', ['d'], {}, ['e'], { name: 'erf' })
      .node('Add', ['e', 'one'], {}, ['a'], { name: 'add' })
      .node('Mul', ['matmul_0', 'a'], {}, ['p'], { name: 'mul' })
      .node('Mul', ['p', 'half'], {}, ['h'], { name: 'halve' })
      .matmul({ name: 'n', inputs: 4, outputs: 2 })
      .output()
      .build();
    const plan = decide(model);
    for (const name of ['div', 'add', 'mul', 'halve']) expect(plan[name]?.reason).toContain('GELU');
    expect(plan['m']?.quantized && plan['n']?.quantized).toBe(true);
  });

  it('does not quantize float16 layers', () => {
    const model = graph()
      .input('x', 'float16', [1, 4])
      .initializer('w', 'float16', [4, 4], new Float32Array(16).fill(0.5))
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'm' })
      .output('y', 'float16')
      .build();
    expect(decide(model)['m']?.reason).toContain('float16');
  });
});

/** Nothing is to be computed for these plans. */
const withoutRuntime = {
  runners: { use: () => Promise.reject(new Error('no runner was expected')) },
  signal: new AbortController().signal,
};

describe('quantizePlan', () => {
  it('names layers of subgraphs after their parent and leaves them float', async () => {
    const branch = (name: string) =>
      graph(name)
        .weights(`${name}_w`, [2, 2])
        .node('MatMul', ['x', `${name}_w`], {}, [`${name}_y`], { name: 'm' })
        .output(`${name}_y`)
        .buildGraph();
    const model = graph()
      .input('x', 'float32', [1, 2])
      .input('flag', 'bool', [])
      .node('If', ['flag'], { then_branch: branch('a'), else_branch: branch('b') }, ['y'], { name: 'choose' })
      .output('y')
      .build();
    const { layers } = await quantizePlan(model, withoutRuntime);
    const inner = layers.find(({ name }) => name === 'choose/then_branch/m');
    expect(inner).toMatchObject({
      quantizable: false,
      reason: "inside a subgraph of 'choose', which stays in float32",
    });
  });

  it('tells that the opset is too old for every layer instead of failing', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2])
      .gemm({ name: 'g', inputs: 2, outputs: 2 })
      .output()
      .build({ opset: 6, irVersion: 3 });
    expect((await quantizePlan(model, withoutRuntime)).layers).toEqual([
      { name: 'g', op: 'Gemm', quantizable: false, reason: expect.stringContaining('opset 6'), kernel: null },
    ]);
  });
});
