/** Gradients of recurrent layers and of attention against finite differences. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { checkOperator, type CheckedInput, type CheckedOperator } from '../../../support/gradient-check.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function agrees(checked: CheckedOperator): Promise<void> {
  const { error, tolerance, type } = await checkOperator(runner, checked);
  expect(error, `${checked.op} in ${type}`).toBeLessThan(tolerance);
}

const x = (...dims: number[]): CheckedInput => ({ dims });
const open = (stated: (string | number)[], ...dims: number[]): CheckedInput => ({ dims, stated });

describe('recurrent layers', () => {
  // 3 steps, 2 samples, 3 features, 2 units
  const layer = (
    gates: number,
    directions: number,
    more: CheckedOperator['inputs'] = [],
  ): CheckedOperator['inputs'] => [
    open(['T', 'N', 3], 3, 2, 3),
    x(directions, gates * 2, 3),
    x(directions, gates * 2, 2),
    x(directions, gates * 4),
    ...more,
  ];
  const states = (directions: number, count: number): CheckedOperator['inputs'] => [
    null,
    ...Array.from({ length: count }, () => open([directions, 'N', 2], directions, 2, 2)),
  ];

  describe.each(['forward', 'reverse', 'bidirectional'])('%s', (direction) => {
    const directions = direction === 'bidirectional' ? 2 : 1;
    const attributes = { direction, hidden_size: 2n };
    it('LSTM', () =>
      agrees({
        op: 'LSTM',
        types: ['float32'],
        inputs: layer(4, directions, states(directions, 2)),
        attributes,
        outputs: 3,
      }));
    it('LSTM of which only the last state counts, without bias', () => {
      const [data, weight, recurrence] = layer(4, directions);
      return agrees({ op: 'LSTM', types: ['float32'], inputs: [data!, weight!, recurrence!], attributes });
    });
    it.each([0n, 1n])('GRU with linear_before_reset %s', (before) =>
      agrees({
        op: 'GRU',
        types: ['float32'],
        inputs: layer(3, directions, states(directions, 1)),
        attributes: { ...attributes, linear_before_reset: before },
        outputs: 2,
      }),
    );
    it('RNN', () => agrees({ op: 'RNN', inputs: layer(1, directions, states(directions, 1)), attributes, outputs: 2 }));
  });
});

describe('attention', () => {
  it('of heads apart', () =>
    agrees({ op: 'Attention', opset: 23, inputs: [x(2, 2, 3, 4), x(2, 2, 5, 4), x(2, 2, 5, 3)] }));
  it('of an open batch and length, causal', () =>
    agrees({
      op: 'Attention',
      opset: 23,
      inputs: [
        open(['N', 2, 'L', 4], 2, 2, 3, 4),
        open(['N', 2, 'L', 4], 2, 2, 3, 4),
        open(['N', 2, 'L', 4], 2, 2, 3, 4),
      ],
      attributes: { is_causal: 1n, scale: 0.3 },
    }));
  it('of packed heads, with several queries to a key and a learnt mask', () =>
    agrees({
      op: 'Attention',
      opset: 23,
      inputs: [open(['N', 3, 8], 2, 3, 8), open(['N', 3, 4], 2, 3, 4), open(['N', 3, 4], 2, 3, 4), x(3, 3)],
      attributes: { q_num_heads: 4n, kv_num_heads: 2n },
    }));
  it('with a mask of truth values', () =>
    agrees({
      op: 'Attention',
      opset: 23,
      inputs: [
        x(1, 1, 2, 3),
        x(1, 1, 3, 3),
        x(1, 1, 3, 3),
        { dims: [2, 3], values: [1, 1, 0, 1, 0, 1], dtype: 'bool' },
      ],
    }));
  it('of a query that sees no key: it learns nothing, and no other one is lost', () =>
    agrees({
      op: 'Attention',
      opset: 23,
      // In float64 the runtime itself gives NaN there.
      types: ['float32'],
      inputs: [
        x(1, 1, 2, 3),
        x(1, 1, 3, 3),
        x(1, 1, 3, 3),
        { dims: [2, 3], values: [0, 0, 0, 1, 0, 1], dtype: 'bool' },
      ],
    }));
  it('with scores kept within limits, before the learnt mask', () =>
    agrees({
      op: 'Attention',
      opset: 23,
      inputs: [x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4), x(3, 3)],
      attributes: { softcap: 0.5, scale: 1.5 },
    }));
  it('behind a past, each token after those before it', () =>
    agrees({
      op: 'Attention',
      opset: 23,
      inputs: [
        open(['N', 4, 3, 2], 2, 4, 3, 2),
        open(['N', 2, 3, 2], 2, 2, 3, 2),
        open(['N', 2, 3, 2], 2, 2, 3, 2),
        null,
        open(['N', 2, 'P', 2], 2, 2, 4, 2),
        open(['N', 2, 'P', 2], 2, 2, 4, 2),
      ],
      attributes: { is_causal: 1n },
      outputs: 3,
    }));
  it.each([0n, 1n])('of samples with keys of their own number, causal: %s', (is_causal) =>
    agrees({
      op: 'Attention',
      opset: 24,
      // In float64 the runtime lets a sample's queries begin at its first key.
      types: ['float32'],
      inputs: [
        open(['N', 2, 2, 3], 2, 2, 2, 3),
        open(['N', 2, 4, 3], 2, 2, 4, 3),
        open(['N', 2, 4, 3], 2, 2, 4, 3),
        null,
        null,
        null,
        { dims: [2], values: [3, 4], dtype: 'int64' },
      ],
      attributes: { is_causal },
    }),
  );
  it('of packed heads behind a past, with a learnt mask', () =>
    agrees({
      op: 'Attention',
      opset: 23,
      inputs: [x(2, 3, 4), x(2, 3, 4), x(2, 3, 4), x(3, 5), x(2, 2, 2, 2), x(2, 2, 2, 2)],
      attributes: { q_num_heads: 2n, kv_num_heads: 2n },
      outputs: 3,
    }));
  it('MultiHeadAttention with biases, learnt scores added', () =>
    agrees({
      op: 'MultiHeadAttention',
      domain: 'com.microsoft',
      inputs: [open(['N', 3, 4], 2, 3, 4), x(2, 3, 4), x(2, 3, 4), x(12), null, x(1, 2, 3, 3)],
      attributes: { num_heads: 2n },
    }));
  it('MultiHeadAttention, each token after those before it', () =>
    agrees({
      op: 'MultiHeadAttention',
      domain: 'com.microsoft',
      inputs: [x(1, 3, 4), x(1, 3, 4), x(1, 3, 4)],
      attributes: { num_heads: 2n, unidirectional: 1n },
    }));
});

describe('rotary embeddings', () => {
  const angles = [0.3, 1.1, -0.4, 0.8, 2.0, -1.3];
  const table = (of: (angle: number) => number): CheckedInput => ({
    dims: [3, 2],
    values: angles.map(of),
    constant: true,
  });
  const positions: CheckedInput = { dims: [1, 2], values: [2, 0], dtype: 'int64' };
  it.each([0n, 1n])('interleaved %s', (interleaved) =>
    agrees({
      op: 'RotaryEmbedding',
      opset: 23,
      inputs: [x(1, 2, 2, 4), table(Math.cos), table(Math.sin), positions],
      attributes: { interleaved },
    }),
  );
  it('of the contributed operators', () =>
    agrees({
      op: 'RotaryEmbedding',
      domain: 'com.microsoft',
      inputs: [x(1, 2, 8), positions, table(Math.cos), table(Math.sin)],
      types: ['float32'],
    }));
});
