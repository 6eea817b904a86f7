import { describe, expect, it } from 'vitest';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { closeChannels } from '../../../../../main/engine/channels/closure.ts';
import { channelGroups } from '../../../../../main/engine/prune/structure/groups.ts';
import { graph } from '../../../../support/graph-builder.ts';

/** "c1×4: c1/c1.weight.0 produces, …" for each group. */
function told(model: Model): { groups: string[]; frozen: Readonly<Record<string, string>> } {
  const { groups, frozen } = channelGroups(closeChannels(model));
  return {
    groups: groups.map(
      ({ name, kind, roots, members }) =>
        `${kind} ${name}×${roots.length}: ${members.map(({ tensor, axis, role }) => `${tensor}.${axis} ${role}`).join(', ')}`,
    ),
    frozen: Object.fromEntries(frozen.map(({ name, reason }) => [name, reason])),
  };
}

const image = (channels = 3) => graph().input('x', 'float32', [1, channels, 8, 8]);

describe('channelGroups', () => {
  it('follows a convolution through its bias and activation into the next', () => {
    const model = image().conv({ channels: 4, name: 'c1' }).relu().conv({ channels: 2, name: 'c2' }).output().build();
    expect(told(model)).toEqual({
      groups: ['channel c1×4: c1.weight.0 produces, c1.bias.0 produces, c2.weight.1 consumes'],
      frozen: { c2: "'conv_2' is an output of the model" },
    });
  });

  it('joins both sides of a shortcut', () => {
    const model = image()
      .conv({ channels: 4, name: 'c1', bias: false, to: 'a' })
      .conv({ channels: 4, name: 'c2', bias: false })
      .addTo('a')
      .conv({ channels: 2, name: 'c3', bias: false })
      .output()
      .build();
    expect(told(model).groups).toEqual([
      'channel c1×4: c1.weight.0 produces, c2.weight.0 produces, c2.weight.1 consumes, c3.weight.1 consumes',
    ]);
  });

  it('takes a depthwise kernel with its channel', () => {
    const model = image()
      .conv({ channels: 4, name: 'c1', bias: false })
      .conv({ channels: 4, group: 4, name: 'dw', bias: false })
      .conv({ channels: 2, name: 'c3', bias: false })
      .output()
      .build();
    expect(told(model).groups).toEqual([
      'channel c1×4: c1.weight.0 produces, dw.weight.0 produces, c3.weight.1 consumes',
    ]);
  });

  it('keeps the groups of a grouped convolution equal', () => {
    const model = image()
      .conv({ channels: 6, name: 'c1', bias: false })
      .conv({ channels: 4, group: 2, name: 'g', bias: false })
      .conv({ channels: 2, name: 'c3', bias: false })
      .output()
      .build();
    // 6 channels in go as 3 pairs, 4 out as 2 pairs.
    expect(told(model).groups).toEqual([
      'channel c1×3: c1.weight.0 produces, g.weight.1 consumes',
      'channel g×2: g.weight.0 produces, c3.weight.1 consumes',
    ]);
  });

  it('tells the channels apart that a shortcut pads from those that it carries', () => {
    // The shortcut of ResNet-20: 2 channels become 4 by a Pad of one on either side.
    const model = image()
      .initializer('pads', 'int64', [8], [0n, 1n, 0n, 0n, 0n, 1n, 0n, 0n])
      .conv({ channels: 2, name: 'c1', bias: false, to: 'a' })
      .node('Pad', ['a', 'pads'], {}, ['padded'])
      .conv({ channels: 4, inputs: 2, name: 'c2', bias: false, from: 'a' })
      .addTo('padded')
      .conv({ channels: 2, inputs: 4, name: 'c3', bias: false })
      .output()
      .build();
    expect(told(model).groups).toEqual([
      'channel c1×2: c1.weight.0 produces, c2.weight.0 produces, c2.weight.1 consumes, c3.weight.1 consumes',
      'channel c2×2: c2.weight.0 produces, c3.weight.1 consumes',
    ]);
  });

  it('takes H·W features of a matrix with a channel behind Flatten', () => {
    const model = image()
      .conv({ channels: 4, name: 'c1', bias: false })
      .flatten()
      .gemm({ inputs: 256, outputs: 3, name: 'fc' })
      .output()
      .build();
    expect(told(model).groups).toEqual(['channel c1×4: c1.weight.0 produces, fc.weight.1 consumes']);
  });

  it('follows parts of a Concat to the places where they lie', () => {
    const model = image()
      .conv({ channels: 2, name: 'a', bias: false, from: 'x', to: 'va' })
      .conv({ channels: 4, inputs: 3, name: 'b', bias: false, from: 'x', to: 'vb' })
      .node('Concat', ['va', 'vb'], { axis: 1n })
      .conv({ channels: 2, inputs: 6, name: 'c', bias: false })
      .output()
      .build();
    expect(told(model).groups).toEqual([
      'channel a×2: a.weight.0 produces, c.weight.1 consumes',
      'channel b×4: b.weight.0 produces, c.weight.1 consumes',
    ]);
  });

  it('cuts whole heads of attention, and never what two computed tensors are multiplied over', () => {
    const builder = graph()
      .input('x', 'float32', [1, 5, 8])
      .initializer('apart', 'int64', [4], [0n, 0n, 2n, 4n])
      .initializer('joined', 'int64', [3], [0n, 0n, 8n]);
    for (const part of ['q', 'k', 'v']) {
      builder
        .from('x')
        .matmul({ inputs: 8, outputs: 8, name: part })
        .node('Reshape', [builder.current, 'apart'])
        .node('Transpose', [builder.current], { perm: part === 'k' ? [0n, 2n, 3n, 1n] : [0n, 2n, 1n, 3n] }, [
          `${part}h`,
        ]);
    }
    const model = builder
      .node('MatMul', ['qh', 'kh'])
      .softmax()
      .node('MatMul', [builder.current, 'vh'])
      .node('Transpose', [builder.current], { perm: [0n, 2n, 1n, 3n] })
      .node('Reshape', [builder.current, 'joined'])
      .matmul({ inputs: 8, outputs: 3, name: 'o' })
      .output()
      .build();
    expect(told(model).groups).toEqual([
      'head q×2: q.weight.1 produces, k.weight.1 produces, v.weight.1 produces, o.weight.0 consumes',
    ]);
  });

  it('takes a unit of a recurrent layer from every gate and from the state', () => {
    const model = graph()
      .input('x', 'float32', [4, 1, 3])
      .weights('W', [1, 8, 3])
      .weights('R', [1, 8, 2])
      .weights('B', [1, 16])
      .node('LSTM', ['x', 'W', 'R', 'B'], { hidden_size: 2n }, ['y'], { name: 'lstm' })
      .node('Squeeze', ['y', 'axes'])
      .initializer('axes', 'int64', [1], [1n])
      .matmul({ inputs: 2, outputs: 2, name: 'head' })
      .output()
      .build();
    expect(told(model).groups).toEqual([
      'unit lstm×2: W.1 produces, R.1 produces, R.2 consumes, B.1 produces, head.weight.0 consumes',
    ]);
  });

  it('says why channels stay: a normalization over them, an operator without a rule, a size that is computed with', () => {
    const normalized = image()
      .conv({ channels: 4, name: 'c1', to: 'a' })
      .node('LRN', ['a'], { size: 3n }, ['n'], { name: 'lrn' })
      .conv({ channels: 2, inputs: 4, name: 'c2', from: 'n' })
      .output()
      .build();
    expect(told(normalized).frozen['c1']).toBe("LRN 'lrn': channels are normalised with their neighbours");
    const unknown = image()
      .conv({ channels: 4, name: 'c1' })
      .node('Mystery', ['conv_0'], {}, ['m'], { domain: 'ours' })
      .output('m')
      .build();
    expect(told(unknown).frozen['c1']).toBe('Mystery has no rule for what goes with what');
    const counted = image()
      .conv({ channels: 4, name: 'c1', to: 'a' })
      .initializer('one', 'int64', [], [1n])
      .node('Shape', ['a'], {}, ['s'])
      .node('Gather', ['s', 'one'], {}, ['size'])
      .node('Cast', ['size'], { to: 1n }, ['number'], { name: 'cast' })
      .node('Mul', ['a', 'number'], {}, ['scaled'])
      .conv({ channels: 2, inputs: 4, name: 'c2', from: 'scaled' })
      .output()
      .build();
    expect(told(counted).frozen['c1']).toBe("Cast 'cast' computes with its size");
  });
});
