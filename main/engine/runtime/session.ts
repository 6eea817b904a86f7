import { StudioError } from '../../base/errors.ts';
import { elementCount, type HostTensors } from '../tensor/host-tensor.ts';
import type { WeightedFiles } from './exchange.ts';
import type {
  KeptValues,
  LoadResult,
  ObservedTensor,
  RunnerCallOptions,
  RunnerCaller,
  RunnerCalls,
  RunnerMemory,
} from './protocol.ts';
import type { PortInfo } from './settings.ts';
import type { Timing, TimingPlan } from './timing.ts';

/** A model loaded in a runner. */
export class Session {
  readonly id: number;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly loadMs: number;
  /** Resident memory that loading took: weights, prepacked copies, arena. */
  readonly sessionBytes: number;
  /** Resident memory of the runner before this session was made. */
  readonly beforeBytes: number;
  readonly #runner: RunnerCaller;

  constructor(runner: RunnerCaller, loaded: LoadResult) {
    this.#runner = runner;
    this.id = loaded.session;
    this.inputs = loaded.inputs;
    this.outputs = loaded.outputs;
    this.loadMs = loaded.loadMs;
    this.beforeBytes = loaded.beforeBytes;
    this.sessionBytes = Math.max(0, loaded.afterBytes - loaded.beforeBytes);
  }

  /**
   * One inference. Several may be in flight: the next batch then crosses to the runner while this one computes.
   * @param options.outputs names of the outputs wanted; all tensors when left out
   * @throws SHAPE_MISMATCH for feeds that do not fit, UNSUPPORTED for sequences and maps, RUNTIME_RUN_FAILED, RUNTIME_DIED, CANCELLED
   */
  async run(
    feeds: HostTensors,
    options: RunnerCallOptions & { readonly outputs?: readonly string[] } = {},
  ): Promise<HostTensors> {
    this.checkFeeds(feeds);
    const outputs = options.outputs ?? this.tensorOutputs();
    return this.#runner.call('run', { session: this.id, feeds, outputs }, options);
  }

  /**
   * One inference that takes values which earlier ones have left in the runner, beside the feeds; what the model does not
   * take of these is passed over. Outputs in `keep` stay in the runner until they are released (`Runner.release`); as a list
   * under their own names, else under the names given, so that what a step makes is what the next one takes. Outputs in `handOver` go into
   * files, of which another runner can take the mean with its own (`means`).
   * @throws SHAPE_MISMATCH for feeds that do not fit, UNSUPPORTED for sequences and maps, RUNTIME_RUN_FAILED, RUNTIME_DIED,
   *   CANCELLED
   */
  async runKeeping(
    given: {
      readonly feeds: HostTensors;
      readonly from: KeptValues | readonly KeptValues[] | null;
      readonly means?: Readonly<Record<string, WeightedFiles>>;
    },
    wanted: {
      readonly outputs: readonly string[];
      readonly keep: readonly string[] | Readonly<Record<string, string>>;
      readonly handOver?: Readonly<Record<string, string>>;
    },
    options: RunnerCallOptions = {},
  ): Promise<RunnerCalls['runKeeping']['result']> {
    for (const input of this.inputs) {
      if (given.means?.[input.name] !== undefined) continue;
      if (given.from === null || given.feeds[input.name] !== undefined) checkFeed(input, given.feeds);
    }
    const from = given.from === null ? [] : [given.from].flat().map(({ id }) => id);
    const keep = isList(wanted.keep) ? Object.fromEntries(wanted.keep.map((name) => [name, name])) : wanted.keep;
    const { feeds, means = {} } = given;
    const { outputs, handOver = {} } = wanted;
    const params = { session: this.id, feeds, means, from, keep, outputs, handOver };
    return this.#runner.call('runKeeping', params, options);
  }

  /**
   * One inference, of which float32 tensors are counted into histograms that stay in the runner (`Runner.observed`), and the
   * extremes told.
   * @param wanted `into`: what an earlier one gave, to count into the same; null: into new ones
   * @throws as `run`
   */
  async observe(
    feeds: HostTensors,
    wanted: { readonly observed: readonly ObservedTensor[]; readonly into: number | null },
    options: RunnerCallOptions = {},
  ): Promise<RunnerCalls['observe']['result']> {
    this.checkFeeds(feeds);
    return this.#runner.call('observe', { session: this.id, feeds, ...wanted }, options);
  }

  /**
   * Names of the outputs that are tensors, and not sequences or maps.
   * @throws UNSUPPORTED when there is none
   */
  tensorOutputs(): readonly string[] {
    const names = this.outputs.filter((port) => port.dtype !== null).map((port) => port.name);
    if (names.length > 0) return names;
    throw new StudioError('UNSUPPORTED', 'The model gives only sequences or maps, no tensor that could be read');
  }

  /**
   * This session as an entry of the call `time`.
   * @throws SHAPE_MISMATCH, UNSUPPORTED; see `run`
   */
  timed(feeds: HostTensors): RunnerCalls['time']['params']['entries'][number] {
    this.checkFeeds(feeds);
    const tensors = this.tensorOutputs();
    return { session: this.id, feeds, outputs: tensors.length === this.outputs.length ? null : tensors };
  }

  /** Times runs on the same feeds; only the runs are inside the clock, which is read in the runner. */
  async time(feeds: HostTensors, plan: TimingPlan, options: RunnerCallOptions = {}): Promise<Timing> {
    const [timing] = await this.#runner.call('time', { entries: [this.timed(feeds)], plan }, options);
    return timing!;
  }

  /** Memory of the process that it is in; with `reset`, the peak begins anew. */
  memory(reset: boolean, options: RunnerCallOptions = {}): Promise<RunnerMemory> {
    return this.#runner.call('memory', { reset }, options);
  }

  /** Flushes the trace of a session made with `profilePrefix`. */
  async endProfiling(options: RunnerCallOptions = {}): Promise<void> {
    await this.#runner.call('endProfiling', { session: this.id }, options);
  }

  async close(options: RunnerCallOptions = {}): Promise<void> {
    await this.#runner.call('close', { session: this.id }, options);
  }

  /** @throws SHAPE_MISMATCH naming the input, what came and what the model expects */
  checkFeeds(feeds: HostTensors): void {
    for (const input of this.inputs) checkFeed(input, feeds);
    const known = new Set(this.inputs.map((input) => input.name));
    for (const name of Object.keys(feeds)) {
      if (!known.has(name)) {
        throw new StudioError('SHAPE_MISMATCH', `The model has no input '${name}'; it has ${[...known].join(', ')}`);
      }
    }
  }
}

function isList(keep: readonly string[] | Readonly<Record<string, string>>): keep is readonly string[] {
  return Array.isArray(keep);
}

function checkFeed(input: PortInfo, feeds: HostTensors): void {
  if (input.dtype === null || input.shape === null) {
    throw new StudioError(
      'UNSUPPORTED',
      `Input '${input.name}' is a sequence, map or optional; only tensors can be fed`,
    );
  }
  const feed = feeds[input.name];
  const wanted = `${input.dtype} [${input.shape.map((dim) => (dim === '' ? '?' : dim)).join(', ')}]`;
  if (feed === undefined)
    throw new StudioError('SHAPE_MISMATCH', `Input '${input.name}' is missing, expected ${wanted}`);
  const rankFits = feed.dims.length === input.shape.length;
  const dimsFit = rankFits && input.shape.every((dim, axis) => typeof dim === 'string' || dim === feed.dims[axis]);
  if (feed.dtype !== input.dtype || !dimsFit) {
    const got = `${feed.dtype} [${feed.dims.join(', ')}]`;
    throw new StudioError('SHAPE_MISMATCH', `Input '${input.name}': got ${got}, expected ${wanted}`);
  }
  const packed = input.dtype === 'int4' || input.dtype === 'uint4';
  const elements = packed ? Math.ceil(elementCount(feed.dims) / 2) : elementCount(feed.dims);
  if (feed.data.length !== elements) {
    throw new StudioError(
      'SHAPE_MISMATCH',
      `Input '${input.name}': ${feed.data.length} values for dims [${feed.dims.join(', ')}]`,
    );
  }
}
