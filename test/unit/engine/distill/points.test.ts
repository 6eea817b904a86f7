import { describe, expect, it } from 'vitest';
import { findHead } from '../../../../main/engine/distill/points.ts';
import { waists } from '../../../../main/engine/layers/waists.ts';
import { planMatches } from '../../../../main/engine/distill/plan-matches.ts';
import { graph } from '../../../support/graph-builder.ts';

const residual = () =>
  graph()
    .input('x', 'float32', ['N', 3, 16, 16])
    .conv({ channels: 8, to: 'stem' })
    .relu({ to: 'a' })
    .conv({ channels: 8, name: 'block1.conv1' })
    .relu()
    .conv({ channels: 8, name: 'block1.conv2' })
    .addTo('a')
    .relu({ to: 'b' })
    .conv({ channels: 8, name: 'block2.conv1' })
    .relu()
    .conv({ channels: 8, name: 'block2.conv2' })
    .addTo('b')
    .relu({ to: 'c' })
    .globalAveragePool()
    .flatten({ to: 'pooled' })
    .gemm({ name: 'fc', inputs: 8, outputs: 5, to: 'scores' });

describe('the head of a model', () => {
  it('is the last layer, and answers from what goes into the last pooling', () => {
    const { graph: g } = residual().output().build();
    const head = findHead(g, 'scores');
    expect([head.feature, head.logits, head.classifier?.name]).toEqual(['c', 'scores', 'fc']);
  });

  it('is looked at before a softmax', () => {
    const { graph: g } = residual().softmax({ to: 'p' }).output().build();
    expect(findHead(g, 'p')).toMatchObject({ feature: 'c', logits: 'scores' });
  });

  it('answers from its input where nothing is pooled', () => {
    const { graph: g } = graph()
      .input('x', 'float32', ['N', 4])
      .gemm({ inputs: 4, outputs: 6 })
      .relu({ to: 'hidden' })
      .gemm({ inputs: 6, outputs: 3, to: 'y' })
      .output()
      .build();
    expect(findHead(g, 'y').feature).toBe('hidden');
  });

  it('is refused where an output follows from nothing', () => {
    const { graph: g } = graph()
      .initializer('w', 'float32', [1], [1])
      .node('Identity', ['w'], {}, ['y'])
      .output()
      .build();
    expect(() => findHead(g, 'y')).toThrow(/Nothing that is learnt leads to the output 'y'/);
  });
});

describe('the waists of a model', () => {
  it('are the ends of its residual blocks', () => {
    const { graph: g } = residual().output().build();
    expect(waists(g, 'c')).toEqual(['a', 'b']);
  });
});

describe('what is matched', () => {
  const model = residual().output().build();
  const plan = (match: Parameters<typeof planMatches>[2]['match'], teacher = model) =>
    planMatches(model, teacher, { match, alpha: 0.25, outputs: { student: 'scores', teacher: 'scores' } }).matches;

  it('is what is asked for, the shares adding up to one', () => {
    expect(plan('features')).toEqual([{ kind: 'values', student: 'c', teacher: 'c', share: 1 }]);
    expect(plan('outputs')).toEqual([{ kind: 'outputs', student: 'scores', teacher: 'scores', share: 1 }]);
    expect(plan('labels').map(({ kind, share }) => [kind, share])).toEqual([['labels', 0.25], ['outputs', 0.75]]); // prettier-ignore
    for (const match of ['both', 'layers', 'attention', 'labels'] as const) {
      expect(plan(match).reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    }
    expect(plan('layers').map(({ student }) => student)).toEqual(['a', 'b', 'c']);
    expect(plan('attention').map(({ kind }) => kind)).toEqual(['attention', 'attention', 'values']);
  });

  it('is met at the head of a teacher that names its values otherwise', () => {
    const other = graph()
      .input('x', 'float32', ['N', 3, 16, 16])
      .conv({ channels: 4 })
      .relu({ to: 'theirs' })
      .globalAveragePool()
      .flatten()
      .gemm({ inputs: 4, outputs: 5, to: 'scores' })
      .output()
      .build();
    expect(plan('features', other)).toEqual([{ kind: 'values', student: 'c', teacher: 'theirs', share: 1 }]);
  });
});
