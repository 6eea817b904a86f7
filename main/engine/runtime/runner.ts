import { fork, type ChildProcess } from 'node:child_process';
import { cancelledError, StudioError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { entryPath } from '../../base/process-entry.ts';
import type { RunnerCalls, RunnerMemory, RunnerMethod, RunnerReply } from './protocol.ts';
import { Session } from './session.ts';
import type { ModelSource, SessionSettings } from './settings.ts';
import type { Timing, TimingPlan } from './timing.ts';

/** What every call takes: aborting the signal ends the runner process at once, with everything in it. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface RunnerOptions {
  /** Called once when the process has ended, whatever the reason. */
  readonly onExit?: (reason: StudioError) => void;
  /** Added to the environment of the process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

interface Pending {
  readonly method: RunnerMethod;
  readonly settle: (value: unknown) => void;
  readonly fail: (error: StudioError) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

const STDERR_TAIL = 4096;

/** ONNX Runtime reports its use to its makers, and leaves logs of that in the folder for temporary files, unless told not to. */
const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' };

/**
 * Starts a runner: a child process that owns ONNX Runtime sessions. About 150 ms.
 * @throws RUNTIME_DIED when it does not come up, CANCELLED
 */
export async function startRunner(options: RunnerOptions = {}): Promise<Runner> {
  const runner = new Runner(options);
  try {
    runner.about = await runner.call('hello', null, { signal: options.signal });
  } catch (error) {
    runner.kill();
    throw error;
  }
  return runner;
}

/** A handle on a runner process. Calls may overlap; the process does them in order, one at a time. */
export class Runner {
  /** Version of ONNX Runtime and the backends in this build of it. */
  about: RunnerCalls['hello']['result'] = { onnxruntime: '', backends: [] };
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #options: RunnerOptions;
  #nextId = 1;
  #stderr = '';
  #ended: StudioError | undefined;

  /** Use {@link startRunner}, which also waits until the process answers. */
  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#child = fork(entryPath(import.meta.url, './runner-entry.ts', 'runner.js'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execPath: process.execPath,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, ...NO_TELEMETRY, ...options.env },
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.#child.on('message', (message) => this.#receive(message as RunnerReply));
    this.#child.on('error', (error) => this.#end(this.#deathError(error.message)));
    // 'close' rather than 'exit': only then has all of stderr arrived
    this.#child.on('close', (code, signal) => this.#end(this.#deathError(signal ?? `exit code ${code}`)));
    this.#letGo();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Loads a model.
   * @throws RUNTIME_LOAD_FAILED with the runtime's reason, PROVIDER_UNAVAILABLE, RUNTIME_DIED, CANCELLED
   */
  async load(source: ModelSource, settings: SessionSettings, options: CallOptions = {}): Promise<Session> {
    const { provider } = settings;
    if (provider !== 'cpu' && !this.about.backends.includes(provider)) {
      throw new StudioError(
        'PROVIDER_UNAVAILABLE',
        `The provider '${provider}' is not in this build of ONNX Runtime; it has ${this.about.backends.join(', ')}`,
        { hint: 'Use the provider cpu.' },
      );
    }
    return new Session(this, await this.call('load', { source, settings }, options));
  }

  /**
   * Times sessions of this runner A B A B …; see `timeSessions`. Load them with `takesTurns`, or each one's idle threads
   * disturb the other's runs.
   * @returns one series for each entry, in their order
   */
  timeInterleaved(
    entries: readonly { readonly session: Session; readonly feeds: HostTensors }[],
    plan: TimingPlan,
    options: CallOptions = {},
  ): Promise<readonly Timing[]> {
    const wire = entries.map(({ session, feeds }) => {
      session.checkFeeds(feeds);
      const tensors = session.tensorOutputs();
      return { session: session.id, feeds, outputs: tensors.length === session.outputs.length ? null : tensors };
    });
    return this.call('time', { entries: wire, plan }, options);
  }

  /** Memory of the process; with `reset`, the peak begins anew. */
  memory(reset = false, options: CallOptions = {}): Promise<RunnerMemory> {
    return this.call('memory', { reset }, options);
  }

  /** One call to the process. Prefer the methods above and those of Session. */
  call<M extends RunnerMethod>(
    method: M,
    params: RunnerCalls[M]['params'],
    { signal, onProgress }: CallOptions = {},
  ): Promise<RunnerCalls[M]['result']> {
    if (signal?.aborted) {
      this.kill();
      return Promise.reject(cancelledError());
    }
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const onAbort = (): void => this.kill();
      const done = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#pending.delete(id);
        if (this.#pending.size === 0) this.#letGo();
      };
      this.#pending.set(id, {
        method,
        settle: (value) => (done(), resolve(value as RunnerCalls[M]['result'])),
        fail: (error) => (done(), reject(error)),
        onProgress,
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#child.ref();
      this.#child.channel?.ref();
      this.#child.send({ id, method, params }, (error) => {
        // the reason of the end arrives with 'close'; until then the call only waits for it
        if (error !== null && this.#ended !== undefined) this.#pending.get(id)?.fail(this.#ended);
      });
    });
  }

  /** Ends the process at once; pending and later calls reject with CANCELLED. Does nothing to a process that has ended. */
  kill(): void {
    this.#end(cancelledError('The work of the runtime'));
  }

  [Symbol.dispose](): void {
    this.kill();
  }

  #receive(message: RunnerReply): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    if (message.kind === 'progress') {
      pending.onProgress?.({ stage: message.stage, done: message.done, total: message.total });
    } else if (message.kind === 'error') {
      const hint = message.hint === undefined ? {} : { hint: message.hint };
      pending.fail(new StudioError(message.code, message.message, hint));
    } else {
      pending.settle(message.value);
    }
  }

  #end(reason: StudioError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#child.kill('SIGKILL');
    for (const pending of this.#pending.values()) pending.fail(reason);
    this.#letGo();
    this.#options.onExit?.(reason);
  }

  #deathError(how: string): StudioError {
    const doing = [...new Set([...this.#pending.values()].map((pending) => pending.method))].join(', ') || 'idle';
    const said = this.#stderr.trim().split('\n').slice(-6).join(' ').slice(-600);
    return new StudioError(
      'RUNTIME_DIED',
      `The runtime process ended unexpectedly (${how}) during: ${doing}${said === '' ? '' : `; it said: ${said}`}`,
      {
        hint: 'Nothing is lost: run it again. If it dies each time, the model or the memory of this machine is the reason.',
      },
    );
  }

  /** An idle runner does not keep the engine's process alive. */
  #letGo(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    const stderr = this.#child.stderr as (NodeJS.ReadableStream & { unref?: () => void }) | null;
    stderr?.unref?.();
  }
}
