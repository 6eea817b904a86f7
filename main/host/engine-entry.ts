/**
 * The engine as a process of its own: serves one workspace on the loopback interface until its parent goes away.
 * Environment: LAPIDARY_TOKEN (made when absent), LAPIDARY_PORT (any free one when absent), LAPIDARY_WORKSPACE, LAPIDARY_EXPECTED
 * (a model that the first window will ask for).
 * Tells its parent `{ kind: 'ready', port, token }` or `{ kind: 'failed', error }`.
 */
import { randomBytes } from 'node:crypto';
import { describeError } from '../rpc/wire-error.ts';
import { workspaceDirectory } from '../workspace/location.ts';
import { startEngine } from './engine.ts';

/** What the engine process tells whoever started it. */
export type EngineMessage =
  | { readonly kind: 'ready'; readonly port: number; readonly token: string }
  | { readonly kind: 'failed'; readonly error: ReturnType<typeof describeError> };

const tell = (message: EngineMessage): void => void process.send?.(message);

try {
  const token = process.env['LAPIDARY_TOKEN'] ?? randomBytes(32).toString('hex');
  const expected = process.env['LAPIDARY_EXPECTED'];
  const engine = await startEngine({
    ...(expected === undefined ? {} : { expected }),
    workspace: workspaceDirectory(),
    token,
    port: Number(process.env['LAPIDARY_PORT'] ?? 0),
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void Promise.resolve(engine[Symbol.asyncDispose]()).finally(() => process.exit(0));
  };
  process.on('disconnect', stop);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  tell({ kind: 'ready', port: engine.port, token });
} catch (error) {
  tell({ kind: 'failed', error: describeError(error) });
  process.exitCode = 1;
  process.disconnect?.();
}
