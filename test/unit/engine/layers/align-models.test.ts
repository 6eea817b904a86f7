import { describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { alignModels } from '../../../../main/engine/layers/align-models.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';

/** Partner in A, and why, of each layer of B. */
function aligned(a: Model, b: Model): Readonly<Record<string, readonly [by: string | undefined, ...names: string[]]>> {
  const { sources, by } = alignModels(a, b);
  return Object.fromEntries([...sources].map(([name, partners]) => [name, [by.get(name), ...partners]]));
}

/** Blocks of equal shape without weights of their own: Sigmoid, and a product with what came before. */
function gates(names: readonly string[], start: GraphBuilder = graph().input('x', 'float32', [1, 8])): Model {
  let value = 'x';
  for (const name of names) {
    start.node('Sigmoid', [value], {}, [`${name}_s`], { name: `${name}_sigmoid` });
    start.node('Mul', [`${name}_s`, value], {}, [`${name}_m`], { name: `${name}_mul` });
    value = `${name}_m`;
  }
  return start.output(value).build();
}

describe('two models are aligned', () => {
  it('by equal weights, whatever names and numbers say', () => {
    const net = (first: string, second: string): Model =>
      graph()
        .input('x', 'float32', [1, 4, 4, 4])
        .conv({ channels: 4, kernel: 3, pad: 1, name: first, to: `${first}_v` })
        .conv({ channels: 4, kernel: 3, pad: 1, name: second, to: `${second}_v` })
        .output()
        .build();
    // The names of B are shifted by one: a match by name would be wrong for both.
    expect(aligned(net('Conv_0', 'Conv_1'), net('Conv_1', 'Conv_2'))).toEqual({
      Conv_1: ['weights', 'Conv_0'],
      Conv_2: ['weights', 'Conv_1'],
    });
  });

  it('by a name that somebody gave, where the weights are others', () => {
    const net = (scale: number): Model =>
      graph()
        .input('x', 'float32', [1, 2])
        .gemm({
          inputs: 2,
          outputs: 8,
          bias: false,
          name: 'head',
          weight: Array.from({ length: 16 }, (_, i) => i * scale),
        })
        .output()
        .build();
    expect(aligned(net(1), net(2))).toEqual({ head: ['name', 'head'] });
  });

  it('by their place in the graph, from what is sure along the edges, in any number of equal blocks', () => {
    const old = Array.from({ length: 40 }, (_, index) => `a${index}`);
    const now = Array.from({ length: 40 }, (_, index) => `b${index}`);
    const found = aligned(gates(old), gates(now));
    for (const [index, name] of now.entries()) {
      expect(found[`${name}_sigmoid`]).toEqual(['structure', `${old[index]}_sigmoid`]);
      expect(found[`${name}_mul`]).toEqual(['structure', `${old[index]}_mul`]);
    }
  });

  it('with an inserted layer left alone', () => {
    const net = (extra: boolean): Model => {
      const made = graph()
        .input('x', 'float32', [1, 8])
        .relu({ name: extra ? 'p' : 'q' });
      if (extra) made.node('Tanh', [made.current], {}, ['t'], { name: 'inserted' });
      return made
        .node('Sigmoid', [extra ? 't' : made.current], {}, ['s'], { name: extra ? 'r' : 'u' })
        .output('s')
        .build();
    };
    const found = aligned(net(false), net(true));
    expect(found['p']).toEqual(['order', 'q']);
    expect(found['inserted']).toEqual([undefined]);
    expect(found['r']).toEqual(['value', 'u']);
  });

  it('with layers that another one’s kernel computes now, up to where both models meet again', () => {
    const net = (fused: boolean): Model => {
      const made = graph()
        .input('x', 'float32', [1, 4, 4, 4])
        .conv({ channels: 4, kernel: 3, pad: 1, name: fused ? 'c' : 'conv' });
      if (!fused) made.node('Elu', [made.current], {}, ['e'], { name: 'elu' });
      return made
        .node('Flatten', [fused ? made.current : 'e'], {}, ['f'], { name: fused ? 'f1' : 'flatten' })
        .output('f')
        .build();
    };
    expect(aligned(net(false), net(true))).toEqual({ c: ['weights', 'conv', 'elu'], f1: ['value', 'flatten'] });
  });

  it('to nothing where there is nothing alike', () => {
    const a = graph().input('x', 'float32', [1, 8]).relu({ name: 'relu' }).output().build();
    const b = graph().input('x', 'float32', [1, 8]).gemm({ inputs: 8, outputs: 4, name: 'fc' }).output().build();
    expect(aligned(a, b)).toEqual({ fc: [undefined] });
  });
});
