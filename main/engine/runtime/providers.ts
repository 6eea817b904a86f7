import { StudioError } from '../../base/errors.ts';
import { makeGraph, makeModel, makeValueInfo } from '../graph/make.ts';
import { addNode } from '../operators/nodes.ts';
import { encodeModelBytes } from '../onnx/encode-model.ts';
import { startRunner, type RunnerOptions } from './runner.ts';
import { providerSchema, type Provider } from '../../contract/machine.ts';

export interface ProviderInfo {
  readonly name: Provider;
  readonly available: boolean;
  /** Why not; null when available. */
  readonly reason: string | null;
}

/**
 * Which execution providers really work here: each one that this build of ONNX Runtime names computes a sum of two in a
 * runner of its own, since a faulty driver may take the process with it. About 0.3 s for each provider tried.
 */
export async function probeProviders(options: RunnerOptions = {}): Promise<readonly ProviderInfo[]> {
  const runner = await startRunner(options);
  const { backends } = runner.about;
  runner.kill();
  return Promise.all(
    providerSchema.options.map(async (name) => {
      if (!backends.includes(name)) {
        return {
          name,
          available: false,
          reason: `not in this build of ONNX Runtime for ${process.platform} ${process.arch}`,
        };
      }
      const reason = await tryProvider(name, options);
      return { name, available: reason === null, reason };
    }),
  );
}

/** Null when it works, or the reason why it does not. */
async function tryProvider(provider: Provider, options: RunnerOptions): Promise<string | null> {
  const runner = await startRunner(options);
  try {
    const session = await runner.load({ bytes: sumModel() }, { provider, threads: 1 }, options);
    const x = { dtype: 'float32', dims: [2], data: new Float32Array([1, 2]) } as const;
    const { y } = await session.run({ x }, options);
    const sums = [...((y?.data ?? []) as Iterable<number>)];
    return sums[0] === 2 && sums[1] === 4 ? null : `it computed ${sums.join(', ')} instead of 2, 4`;
  } catch (error) {
    if (error instanceof StudioError && error.code !== 'CANCELLED') {
      return error.message.replace(/^The (?:provider '\w+' does not start here|runtime refuses this model): /, '');
    }
    throw error;
  } finally {
    runner.kill();
  }
}

/** y = x + x */
function sumModel(): Uint8Array {
  const graph = makeGraph({
    name: 'probe',
    nodes: [addNode(['x', 'x'], 'y')],
    inputs: [makeValueInfo('x', 'float32', [2])],
    outputs: [makeValueInfo('y', 'float32', [2])],
  });
  return encodeModelBytes(makeModel(graph));
}
