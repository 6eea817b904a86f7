import { fork, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { cancelledError, StudioError } from '../../base/errors.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { Turns } from '../../base/turns.ts';
import { entryPath } from '../../base/process-entry.ts';
import { forkPort } from '../../rpc/node/fork-port.ts';
import { Peer } from '../../rpc/peer.ts';
import { serveTable } from '../../rpc/serve.ts';
import {
  TAKES_TURNS,
  type KeptValues,
  type LoadResult,
  type RunnerCallOptions,
  type RunnerCaller,
  type RunnerCalls,
  type RunnerQuestions,
} from './protocol.ts';
import { Feed } from './feed.ts';
import type { FeedSource } from './feeder.ts';
import { Session } from './session.ts';
import { memoryBytes, PROTOBUF_LIMIT, type LoadedSource, type ModelSource, type SessionSettings } from './settings.ts';
import type { Timing, TimingPlan } from './timing.ts';
import { withWeightsFile } from './weights-file.ts';

export interface RunnerOptions {
  /** Called once when the process has ended, whatever the reason. */
  readonly onExit?: (reason: StudioError) => void;
  /** Added to the environment of the process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Who else wants the machine; timed series take turns with it. */
  readonly turns?: Turns | undefined;
}

const STDERR_TAIL = 4096;

/** ONNX Runtime reports its use to its makers, and leaves logs of that in the folder for temporary files, unless told not to. */
const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' };

/**
 * What a session gives back goes back to the system, where the C library is glibc: else it keeps most of it, in pieces that the next
 * session finds no use for. While models run nothing is taken but what goes out.
 */
const GIVES_BACK = { MALLOC_TRIM_THRESHOLD_: String(1 << 20) };

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

/** What a runner does, in words, by the call that waits for it; what comes with others is not told. */
const DOING: Readonly<Partial<Record<string, string>>> = {
  load: 'it loaded a model',
  run: 'it ran a model',
  runKeeping: 'it ran a model',
  observe: 'it ran a model',
  scan: 'it ran a model',
  runFeed: 'it ran a model',
  time: 'it timed a model',
} satisfies Partial<Record<keyof RunnerCalls, string>>;

/** A handle on a runner process. Calls may overlap; the process does them in order, one at a time. */
export class Runner implements RunnerCaller {
  /** Version of ONNX Runtime and the backends in this build of it. */
  about: RunnerCalls['hello']['result'] = { onnxruntime: '', backends: [] };
  readonly #child: ChildProcess;
  readonly #peer: Peer<RunnerCalls>;
  readonly #options: RunnerOptions;
  #stderr = '';
  /** Folders of weights that could not be removed while the process had them mapped. */
  readonly #weights = new Set<string>();
  #ended: StudioError | undefined;

  /** Use {@link startRunner}, which also waits until the process answers. */
  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#child = fork(
      entryPath(import.meta.url, './runner-entry.ts', 'runner.js'),
      options.turns === undefined ? [] : [TAKES_TURNS],
      {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        execPath: process.execPath,
        execArgv: ['--disable-warning=ExperimentalWarning'],
        env: { ...GIVES_BACK, ...process.env, ...NO_TELEMETRY, ...options.env },
      },
    );
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.#peer = new Peer(forkPort(this.#child), {
      onBusy: (busy) => (busy ? this.#hold() : this.#letGo()),
      serve: serveTable<RunnerQuestions>({ takeTurn: () => options.turns?.take() ?? false }),
    });
    this.#child.on('error', (error) => this.#end(this.#deathError(error.message)));
    // 'close' rather than 'exit': only then has all of stderr arrived
    this.#child.on('close', (code, signal) => {
      for (const folder of this.#weights) void rm(folder, { recursive: true, force: true }).catch(() => undefined);
      this.#end(this.#deathError(signal ?? `exit code ${code}`));
    });
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
  async load(source: ModelSource, settings: SessionSettings, options: RunnerCallOptions = {}): Promise<Session> {
    const { provider } = settings;
    if (provider !== 'cpu' && !this.about.backends.includes(provider)) {
      throw new StudioError(
        'PROVIDER_UNAVAILABLE',
        `The provider '${provider}' is not in this build of ONNX Runtime; it has ${this.about.backends.join(', ')}`,
        { hint: 'Use the provider cpu.' },
      );
    }
    const bytes = memoryBytes(source);
    if (bytes > PROTOBUF_LIMIT) {
      throw new StudioError(
        'UNSUPPORTED',
        `The changed model has ${bytes} bytes; the runtime takes no more than ${PROTOBUF_LIMIT} (2 GiB) from memory`,
        { hint: 'Cut channels first, or prune and repair fewer layers at once: what is unchanged stays in its file.' },
      );
    }
    const load = (loaded: LoadedSource): Promise<LoadResult> =>
      this.call('load', { source: loaded, settings }, options);
    if (!('weights' in source)) return new Session(this, await load(source));
    const stays = (directory: string): void => void this.#weights.add(directory);
    const handed = await withWeightsFile(source.weights, (directory) => load({ bytes: source.bytes, directory }), {
      signal: options.signal,
      stays,
    });
    return new Session(this, handed);
  }

  /**
   * Times sessions of this runner A B A B …; see `timeSessions`. Load them with `takesTurns`, or each one's idle threads
   * disturb the other's runs.
   * @returns one series for each entry, in their order
   */
  timeInterleaved(
    entries: readonly { readonly session: Session; readonly feeds: HostTensors }[],
    plan: TimingPlan,
    options: RunnerCallOptions = {},
  ): Promise<readonly Timing[]> {
    const timed = entries.map(({ session, feeds }) => session.timed(feeds));
    return this.call('time', { entries: timed, plan }, options);
  }

  /**
   * Starts making batches in the runner's process; see `FeedSource`.
   * @throws what opening the data throws, RUNTIME_DIED, CANCELLED
   */
  async openFeed(source: FeedSource, options: RunnerCallOptions = {}): Promise<Feed> {
    return new Feed(this, (await this.call('openFeed', { source }, options)).feed);
  }

  /** Values that a run has left in the process, by the names that they are kept under. */
  fetch(kept: KeptValues, options: RunnerCallOptions = {}): Promise<HostTensors> {
    return this.call('fetch', { kept: kept.id }, options);
  }

  /** Lets go of values that runs have left in the process. */
  async release(kept: readonly KeptValues[]): Promise<void> {
    if (kept.length > 0 && this.alive) await this.call('release', { kept: kept.map(({ id }) => id) });
  }

  /** One call to the process. Prefer the methods above and those of Session. */
  async call<M extends keyof RunnerCalls>(
    method: M,
    params: RunnerCalls[M]['params'],
    { signal, onProgress }: RunnerCallOptions = {},
  ): Promise<RunnerCalls[M]['result']> {
    if (signal?.aborted) {
      this.kill();
      throw cancelledError();
    }
    if (this.#ended !== undefined) throw this.#ended;
    const onAbort = (): void => this.kill();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#peer.call(method, params, { onProgress });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (method === 'time') this.#options.turns?.giveBack();
    }
  }

  /** Ends the process at once; pending and later calls reject with CANCELLED. Does nothing to a process that has ended. */
  kill(): void {
    this.#end(cancelledError('The work of the runtime'));
  }

  [Symbol.dispose](): void {
    this.kill();
  }

  #end(reason: StudioError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#child.kill('SIGKILL');
    this.#peer.fail(reason);
    this.#letGo();
    this.#options.onExit?.(reason);
  }

  #deathError(how: string): StudioError {
    const doing = new Set(this.#peer.waitingFor.flatMap((method) => DOING[method] ?? []));
    const where = doing.size === 0 ? '' : ` while ${[...doing].join(' and ')}`;
    const said = this.#stderr.trim().split('\n').slice(-6).join(' ').slice(-600);
    return new StudioError(
      'RUNTIME_DIED',
      `The runtime process ended unexpectedly (${how})${where}${said === '' ? '' : `; it said: ${said}`}`,
      {
        hint: 'Nothing is lost: run it again. If it dies each time, the model or the memory of this machine is the reason.',
      },
    );
  }

  #hold(): void {
    this.#child.ref();
    this.#child.channel?.ref();
  }

  /** An idle runner does not keep the engine's process alive. */
  #letGo(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    const stderr = this.#child.stderr as (NodeJS.ReadableStream & { unref?: () => void }) | null;
    stderr?.unref?.();
  }
}
