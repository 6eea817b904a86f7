import type { Model } from '../../main/engine/graph/ir.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { NetworkStep } from './network-program.ts';

/** Blocks of a transformer and recurrent layers over [1, 6, features]. */
export function sequenceNetwork(builder: GraphBuilder, width: number, steps: readonly NetworkStep[]): Model {
  const features = 2 * Math.max(2, width);
  builder.input('x', 'float32', ['batch', 6, 5]);
  builder.matmul({ inputs: 5, outputs: features, name: 'embed' });
  let count = 0;
  const named = (stem: string): string => `${stem}_${++count}`;
  const ints = (values: readonly number[]): string => {
    const name = named('i');
    builder.initializer(name, 'int64', [values.length], values.map(BigInt));
    return name;
  };
  const matmul = (outputs: number, inputs: number): string =>
    builder.matmul({ inputs, outputs, name: named('mm') }).current;
  const unary = (opType: string, attributes = {}, others: readonly string[] = []): string =>
    builder.node(opType, [builder.current, ...others], attributes, [named('v')], { name: named('n') }).current;
  const vector = (dims: readonly number[]): string => {
    const name = named('w');
    builder.weights(name, dims);
    return name;
  };
  let size = features;
  for (const { pick, detail, other } of steps.slice(0, 6)) {
    const before = builder.current;
    switch (pick % 7) {
      case 0: {
        matmul(3 + (detail % 9), size);
        unary(other % 2 === 0 ? 'Relu' : 'Gelu');
        size = 3 + (detail % 9);
        matmul(size, size);
        break;
      }
      case 1: {
        // An MLP with a shortcut: its hidden units may go, the stream depends on what follows.
        matmul(4 + (detail % 8), size);
        builder.unary('Add', { to: named('v'), name: named('n') }, [vector([4 + (detail % 8)])]);
        unary('Tanh');
        matmul(size, 4 + (detail % 8));
        builder.unary('Add', { to: named('v'), name: named('n') }, [before]);
        break;
      }
      case 2:
        unary('LayerNormalization', { axis: -1n }, [vector([size]), vector([size])]);
        break;
      case 3:
      case 4: {
        const heads = 2 + (detail % 3);
        const each = 2 + (other % 2);
        const project = (): string => {
          builder.from(before);
          matmul(heads * each, size);
          unary('Reshape', {}, [ints([0, 6, heads, each])]);
          return unary('Transpose', { perm: [0n, 2n, 1n, 3n] });
        };
        const [query, key, value] = [project(), project(), project()];
        builder.from(key!);
        unary('Transpose', { perm: [0n, 1n, 3n, 2n] });
        const turned = builder.current;
        builder.node('MatMul', [query!, turned], {}, [named('v')], { name: named('n') });
        unary('Softmax', { axis: -1n });
        const weights = builder.current;
        builder.node('MatMul', [weights, value!], {}, [named('v')], { name: named('n') });
        unary('Transpose', { perm: [0n, 2n, 1n, 3n] });
        unary('Reshape', {}, [ints(pick % 2 === 0 ? [0, 6, heads * each] : [0, 0, -1])]);
        matmul(size, heads * each);
        builder.unary('Add', { to: named('v'), name: named('n') }, [before]);
        break;
      }
      case 5: {
        const hidden = 2 + (detail % 5);
        const gates = other % 2 === 0 ? 4 : 3;
        unary('Transpose', { perm: [1n, 0n, 2n] });
        const directions = detail % 2 === 0 ? 1 : 2;
        const y = named('v');
        builder.node(
          gates === 4 ? 'LSTM' : 'GRU',
          [
            builder.current,
            vector([directions, gates * hidden, size]),
            vector([directions, gates * hidden, hidden]),
            vector([directions, 2 * gates * hidden]),
          ],
          { hidden_size: BigInt(hidden), direction: directions === 1 ? 'forward' : 'bidirectional' },
          [y],
          { name: named('n') },
        );
        // [6, directions, batch, hidden] → [batch, 6, directions, hidden] → joined or summed
        unary('Transpose', { perm: [2n, 0n, 1n, 3n] });
        if (other % 3 === 0) {
          unary('ReduceSum', { keepdims: 0n }, [ints([2])]);
          size = hidden;
        } else {
          unary('Reshape', {}, [ints([0, 6, directions * hidden])]);
          size = directions * hidden;
        }
        break;
      }
      case 6: {
        const labels = named('v');
        builder.node('Einsum', [builder.current, vector([size, 4])], { equation: 'bsd,de->bse' }, [labels], {
          name: named('n'),
        });
        size = 4;
        break;
      }
    }
  }
  unary('ReduceMean', { keepdims: 0n }, [ints([1])]);
  builder.gemm({ inputs: size, outputs: 4, name: 'head' });
  return builder.output(builder.current, 'float32', ['batch', 4]).build();
}
