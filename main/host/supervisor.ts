import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { StudioError, type ErrorCode } from '../base/errors.ts';
import type { EngineMessage } from './engine-entry.ts';

export interface SupervisorOptions {
  /** 0: any free port; kept over restarts. */
  readonly port: number;
  /** Program that runs the engine; Electron must name a plain Node here. */
  readonly execPath?: string;
  /** A model that the first window will ask for; an engine started again is not told of it. */
  readonly expected?: string;
  readonly onRestart: (reason: string) => void;
}

export interface SupervisedEngine {
  readonly port: number;
  readonly token: string;
  /** Process id of the engine that runs now. */
  readonly pid: () => number | undefined;
  /** Rejects when the engine stops again and again. */
  readonly failed: Promise<never>;
  readonly stop: () => Promise<void>;
}

const MAX_RESTARTS_A_MINUTE = 5;
const STOP_GRACE_MS = 2000;

/**
 * Starts the engine process and starts it again, on the same port with the same token, whenever it dies: windows
 * reconnect by themselves, and what was done is in the workspace.
 * @throws what the engine's start throws, WORKSPACE_INVALID for instance
 */
export async function superviseEngine(options: SupervisorOptions): Promise<SupervisedEngine> {
  const token = randomBytes(32).toString('hex');
  const first = await startEngineProcess({ ...options, token });
  const { port } = first;
  let child = first.child;
  let stopping = false;
  const restarts: number[] = [];
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);

  const watch = (process: ChildProcess): void => {
    process.once('exit', (code, signal) => {
      if (stopping) return;
      const now = Date.now();
      restarts.push(now);
      const recent = restarts.filter((at) => now - at < 60_000).length;
      const reason = signal ?? `exit code ${String(code)}`;
      if (recent > MAX_RESTARTS_A_MINUTE) {
        fail(new StudioError('INTERNAL', `The engine stopped ${recent} times within a minute (${reason})`));
        return;
      }
      startEngineProcess({
        port,
        token,
        ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
      }).then(
        (next) => {
          child = next.child;
          if (stopping) {
            void endProcess(child);
            return;
          }
          watch(child);
          options.onRestart(reason);
        },
        (error: unknown) => fail(error),
      );
    });
  };
  watch(child);

  return {
    port,
    token,
    pid: () => child.pid,
    failed,
    stop: async () => {
      stopping = true;
      await endProcess(child);
    },
  };
}

async function startEngineProcess(options: {
  readonly port: number;
  readonly token: string;
  readonly execPath?: string;
  readonly expected?: string;
}): Promise<{ child: ChildProcess; port: number }> {
  const entry = new URL(import.meta.url.endsWith('.ts') ? './engine-entry.ts' : './engine.js', import.meta.url);
  const child = fork(fileURLToPath(entry), [], {
    ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
    env: {
      ...process.env,
      LAPIDARY_TOKEN: options.token,
      LAPIDARY_PORT: String(options.port),
      ...(options.expected === undefined ? {} : { LAPIDARY_EXPECTED: options.expected }),
    },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: EngineMessage) => {
      if (message.kind === 'ready') resolve(message.port);
      else {
        const { code, message: text, hint } = message.error;
        reject(new StudioError(code as ErrorCode, text, hint === null ? {} : { hint }));
      }
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new StudioError('INTERNAL', `The engine did not start (exit code ${String(code)})`)),
    );
  });
  return { child, port };
}

/** Ends the engine: politely, then for certain. */
async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await ended;
  clearTimeout(timer);
}
